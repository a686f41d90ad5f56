"""Codec of direct invokes: `{"resync": "all"}`, `{"resync": {"namespace": …, "service": …}}`, dry_run, force.

Without `service` it is about every key of the namespace.

A resync that outlives one invocation goes on in the next one; what it carries along is in `continuation`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.eventbridge.messages import UnknownMessageError, key_of, namespace_of

_FIELDS: Final = frozenset({"resync", "dry_run", "force", "continue"})
_TARGET: Final = frozenset({"namespace", "service"})


@dataclass(frozen=True, slots=True)
class Continuation:
    """Where an earlier invocation stopped: the keys it had done, by the last of them, and removals it holds back."""

    after: ServiceKey
    held_back: tuple[ServiceKey, ...]


@dataclass(frozen=True, slots=True)
class Resync:
    """A request to reconcile one key, or (`key` None) all of them: those of a namespace, if there is one."""

    key: ServiceKey | None = None
    namespace: str | None = None
    is_dry_run: bool = False
    is_forced: bool = False
    continuation: Continuation | None = None


def is_invocation(event: object) -> bool:
    """Tell a direct invoke from a batch of queue messages."""
    return not isinstance(event, dict) or "Records" not in event


def parse(event: object) -> Resync:
    """Read an invoke's payload; raises UnknownMessageError that says what is allowed."""
    if not isinstance(event, dict):
        raise UnknownMessageError(f'the payload must be a JSON object, such as {{"resync": "all"}}, not {event!r:.80}')
    _know(event, _FIELDS)
    key, namespace = _target(event.get("resync"))
    return Resync(
        key=key,
        namespace=namespace,
        is_dry_run=_flag(event, "dry_run"),
        is_forced=_flag(event, "force"),
        continuation=_continuation(event["continue"]) if "continue" in event else None,
    )


def payload(request: Resync, continuation: Continuation) -> dict[str, Any]:
    """Write the payload that lets the next invocation go on with a resync of many keys."""
    return {
        "resync": {"namespace": request.namespace} if request.namespace else "all",
        "dry_run": request.is_dry_run,
        "force": request.is_forced,
        "continue": {
            "after": _written(continuation.after),
            "held_back": [_written(key) for key in continuation.held_back],
        },
    }


def _know(content: Mapping[str, Any], fields: frozenset[str]) -> None:
    if unknown := sorted(content.keys() - fields):
        raise UnknownMessageError(f"{', '.join(unknown)}: unknown; allowed are {', '.join(sorted(fields))}")


def _target(content: object) -> tuple[ServiceKey | None, str | None]:
    """Read what to resync: a key, a namespace, or neither for all."""
    if content == "all":
        return None, None
    if not isinstance(content, dict):
        raise UnknownMessageError('resync: must be "all", {"namespace": …, "service": …} or {"namespace": …}')
    _know(content, _TARGET)
    return (key_of(content), None) if "service" in content else (None, namespace_of(content))


def _continuation(content: object) -> Continuation:
    if not isinstance(content, dict) or not isinstance(content.get("held_back"), list):
        raise UnknownMessageError('continue: must be {"after": {…}, "held_back": […]}')
    return Continuation(_read(content.get("after")), tuple(_read(item) for item in content["held_back"]))


def _written(key: ServiceKey) -> dict[str, str]:
    return {"namespace": key.namespace, "service": key.name}


def _read(content: object) -> ServiceKey:
    return key_of(content if isinstance(content, dict) else {})


def _flag(event: Mapping[str, Any], field: str) -> bool:
    value = event.get(field, False)
    if not isinstance(value, bool):
        raise UnknownMessageError(f"{field} {value!r}: must be true or false")
    return value
