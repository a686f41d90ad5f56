"""Server-side apply on one object: who owns which field, and what happens to fields that an owner leaves out."""

import copy
from collections.abc import Iterator
from typing import Any

Raw = dict[str, Any]
Path = tuple[str, ...]
Who = tuple[str, str]
"""Manager and operation."""

_IDENTITY = {("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")}


class Conflict(Exception):  # noqa: N818 - the API's own word
    def __init__(self, manager: str, path: Path) -> None:
        super().__init__(manager, path)
        self.manager, self.field = manager, ".".join(path)


def applied(raw: Raw, owners: dict[Who, set[Path]], wanted: Raw, who: Who, *, force: bool) -> None:
    """Change the object and its owners; Conflict if another owner has another value there, and nothing is forced."""
    wants, others = dict(leaves(wanted)), {other: paths for other, paths in owners.items() if other != who}
    for path, value in wants.items():
        rivals = [other for other, paths in others.items() if path in paths and at(raw, path) != value]
        if rivals and not force:
            raise Conflict(rivals[0][0], path)
        for other in rivals:
            others[other].discard(path)
    for path in owners.get(who, set()) - set(wants):
        if not any(path in paths for paths in others.values()):
            _unset(raw, path)
    for path, value in wants.items():
        _set(raw, path, value)
    owners[who] = set(wants)


def leaves(raw: Raw, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    for key, value in raw.items():
        here = (*path, key)
        if isinstance(value, dict) and value:
            yield from leaves(value, here)
        elif here not in _IDENTITY:
            yield here, value


def at(raw: Any, path: Path) -> Any:
    for key in path:
        if not isinstance(raw, dict) or key not in raw:
            return None
        raw = raw[key]
    return raw


def content(raw: Raw) -> Raw:
    """Leave out what the API server itself keeps of every write."""
    ignored = {"resourceVersion", "managedFields"}
    return {**raw, "metadata": {key: value for key, value in raw["metadata"].items() if key not in ignored}}


def _set(raw: Raw, path: Path, value: Any) -> None:
    for key in path[:-1]:
        raw = raw.setdefault(key, {})
    raw[path[-1]] = copy.deepcopy(value)


def _unset(raw: Raw, path: Path) -> None:
    for key in path[:-1]:
        raw = raw.get(key) or {}
    raw.pop(path[-1], None)
