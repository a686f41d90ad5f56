"""Conditions as Kubernetes means them: the time moves only when the status does, and nothing is written unchanged."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from cloudmap_mcs.domain.wellknown import ConditionType

MESSAGE_LIMIT: Final = 32_768
"""Characters of a condition's message (metav1.Condition)."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. `status` None is Unknown; `reason` may join several with commas; `since` is RFC 3339."""

    type: ConditionType
    status: bool | None
    reason: str
    message: str
    observed_generation: int
    since: str = field(default="", compare=False)


def next_condition(observed: Condition | None, verdict: Condition, *, now: str) -> Condition | None:
    """Turn a verdict into the condition to write, or None if what is there says it already."""
    trimmed = replace(verdict, message=verdict.message[:MESSAGE_LIMIT])
    if observed == trimmed:
        return None
    kept = observed is not None and observed.status == trimmed.status and observed.since
    return replace(trimmed, since=kept or now)


def timestamp(now_ms: int) -> str:
    """Write a time the way Kubernetes does: RFC 3339 in UTC, whole seconds."""
    return datetime.fromtimestamp(now_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
