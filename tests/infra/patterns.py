"""The part of EventBridge's pattern language that we use, from its documentation: an oracle for our patterns."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

_MISSING = object()


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """Tell whether an event matches: all keys must, `$or` by one of its patterns, a list by one of its entries."""
    for key, wanted in pattern.items():
        if key == "$or":
            if not any(matches(alternative, event) for alternative in wanted):
                return False
            continue
        value = event.get(key, _MISSING)
        if isinstance(wanted, dict):
            # EventBridge looks at leaves only: what is below a missing object is missing, and `exists: false` is true.
            if not matches(wanted, value if isinstance(value, dict) else {}):
                return False
        elif not any(_entry_matches(entry, value) for entry in wanted):
            return False
    return True


def _entry_matches(entry: Any, value: Any) -> bool:
    match entry:
        case {"exists": wanted}:
            return bool((value is not _MISSING) == wanted)
        case {"anything-but": {"wildcard": [*wildcards]}}:
            return value is not _MISSING and not any(fnmatchcase(str(value), wildcard) for wildcard in wildcards)
        case dict():
            raise NotImplementedError(entry)
    return bool(entry == value)
