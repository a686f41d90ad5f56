"""Who called what how often: the simulator's statistics, the API servers' audit logs, the local AWS's log."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.ground import Ground

CLOUD_MAP: Final = "Cloud Map"
EVENTS: Final = "events"
FUNCTIONS: Final = "functions"
LOOKS: Final = "looks of importers"
_COMPONENT: Final = re.compile(r"^cloudmap-mcs/\S+ (importer|watcher)$")
_EVENT: Final = re.compile(r"EventBridge → SQS (\S+)")
_BATCH: Final = re.compile(r"ESM: Lambda (\S+) processed")
_WRITES: Final = frozenset({"create", "update", "patch", "delete"})


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """One kind of call: to whom, and which."""

    service: str
    operation: str


class LogTail:
    """Reads what was added to a log since it was last read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = path.stat().st_size
        self._rest = b""

    def lines(self) -> list[str]:
        """Return the complete lines since the last call."""
        with self._path.open("rb") as log:
            log.seek(self._offset)
            added = log.read()
        self._offset += len(added)
        *whole, self._rest = (self._rest + added).split(b"\n")
        return [line.decode(errors="replace") for line in whole]


class Tally:
    """Counts from one `take` to the next; made now, it starts to count now."""

    def __init__(self, ground: Ground) -> None:
        folder = ground.sandbox.folder
        self._simulator = ground.simulator
        self._audit = {name: LogTail(folder / "clusters" / name / "audit.log") for name in ground.sandbox.members}
        self._aws = LogTail(folder / "aws" / "local-aws.log")
        self._before = self._operations()

    def take(self) -> Counter[Call]:
        """Return the calls since the last time, and with them which imports the importers looked at."""
        now = self._operations()
        calls = Counter({Call(CLOUD_MAP, name): count for name, count in (now - self._before).items()})
        self._before = now
        for cluster, log in self._audit.items():
            for entry in map(json.loads, log.lines()):
                if call := audited(cluster, entry):
                    calls[call] += 1
                if name := looked_at(entry):
                    calls[Call(LOOKS, name)] += 1
        for line in self._aws.lines():
            if match := _EVENT.search(line):
                calls[Call(EVENTS, f"to queue {match[1]}")] += 1
            elif match := _BATCH.search(line):
                calls[Call(FUNCTIONS, match[1])] += 1
        return calls

    def _operations(self) -> Counter[str]:
        return Counter(self._simulator.stats()["operations"])


def audited(cluster: str, entry: Mapping[str, Any]) -> Call | None:
    """Read one line of an audit log: None unless one of our components has made the request."""
    match = _COMPONENT.match(entry.get("userAgent", ""))
    if match is None:
        return None
    reference = entry.get("objectRef") or {}
    resource = "/".join(filter(None, (reference.get("resource", ""), reference.get("subresource", ""))))
    return Call(f"{cluster} {match[1]}", f"{entry['verb']} {resource}")


def looked_at(entry: Mapping[str, Any]) -> str | None:
    """Return the name of the import at which an importer began to look, once per look."""
    reference = entry.get("objectRef") or {}
    is_look = entry["verb"] == "get" and reference.get("resource") == "serviceimports"
    return reference.get("name") if is_look and entry.get("userAgent", "").endswith(" importer") else None


def discovered(calls: Mapping[Call, int], service: str) -> int:
    """Count the DiscoverInstances that a service's importers made: each look at another one comes with one, too."""
    others = sum(count for call, count in calls.items() if call.service == LOOKS and call.operation != service)
    return calls[Call(CLOUD_MAP, "DiscoverInstances")] - others


def is_write(call: Call) -> bool:
    return call.operation.split(" ")[0] in _WRITES
