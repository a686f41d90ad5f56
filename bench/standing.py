"""Services that stand exported while something else is measured."""

from __future__ import annotations

import time
from typing import Any, Final

from bench.ground import Ground
from bench.workload import backends
from cloudmap_mcs.domain.wellknown import ConditionType
from sandbox.errors import SandboxError

_ENDPOINTS: Final = 3
_LIMIT_SECONDS: Final = 420.0
_POLL_SECONDS: Final = 1.0
_SAID_EVERY: Final = 30


def export_until(ground: Ground, count: int) -> None:
    """Export Services, known ones first, until so many are and all are in the registry."""
    source = ground.route.source
    there = source.exports()
    for name in source.services():
        if len(there) < count and name not in there:
            source.export(name)
            there[name] = {}
    for number in range(count - len(there)):
        name = f"standing-{count}-{number}"
        source.make_service(name, backends(_ENDPOINTS, start=number * _ENDPOINTS))
        source.export(name)
    _wait(ground, count)


def _wait(ground: Ground, count: int) -> None:
    began = time.monotonic()
    for poll in range(int(_LIMIT_SECONDS / _POLL_SECONDS)):
        ready = sum(is_ready(export) for export in ground.route.source.exports().values())
        if ready >= count:
            ground.say(f"  {ready} Services are exported, after {time.monotonic() - began:.0f} s")
            return
        if poll and poll % _SAID_EVERY == 0:
            ground.say(
                f"  {ready} of {count} Services are exported (the watcher keeps to Cloud Map's CreateService rate)"
            )
        time.sleep(_POLL_SECONDS)
    raise SandboxError(f"{count} Services were not exported within {_LIMIT_SECONDS:g} s; see the watcher's log")


def is_ready(export: dict[str, Any]) -> bool:
    """Tell whether a ServiceExport says that it is in the registry."""
    conditions = export.get("status", {}).get("conditions") or ()
    return any(item["type"] == ConditionType.READY and item["status"] == "True" for item in conditions)
