"""The log of everything that IAM decided: what a role was granted can be compared with what it used.

One JSON object per line: time, account, region, principal, action, resource, allowed. `principal` is the name of a
role, `root`, or `user/NAME`; account and Region are the caller's own and the one it called. No keys, no parameters.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    Replace = Callable[[ModuleType, str, object], None]


@dataclass
class Calls:
    """Stands before ministack's policy evaluator; `clock` in seconds since 1970."""

    evaluator: ModuleType
    responses: ModuleType
    file: Path
    clock: Callable[[], float]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def install(self, replace: Replace) -> None:
        """Put it in its place in ministack."""
        self._enforce = self.evaluator.enforce
        replace(self.evaluator, "enforce", self.enforce)

    def enforce(self, access_key: str, action: str, service: str, region: str, *more: Any, **named: Any) -> Any:
        """Decide as before, and note it."""
        denied = self._enforce(access_key, action, service, region, *more, **named)
        principal = self.evaluator.resolve_principal(access_key or "", self.responses.get_account_id())
        arn = getattr(principal, "arn", "")
        self.note(
            account=arn.split(":")[4] if arn else "",
            region=region,
            principal=name_of(arn),
            action=action,
            resource=more[0] if more else named.get("resource_arn", "*"),
            allowed=denied is None,
        )
        return denied

    def note(self, **entry: Any) -> None:
        """Append one line."""
        now = datetime.fromtimestamp(self.clock(), UTC).isoformat(timespec="milliseconds")
        with self._lock, self.file.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"time": now, **entry}) + "\n")


def name_of(arn: str) -> str:
    """Return the role's name for a role's session, `root`, `user/NAME`, or nothing for somebody unknown."""
    resource = arn.rpartition(":")[2]
    kind, _, rest = resource.partition("/")
    return rest.partition("/")[0] if kind == "assumed-role" else resource
