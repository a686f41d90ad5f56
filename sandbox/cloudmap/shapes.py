"""The kinds of values a request can hold, and the check of a value against its kind."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class Shape(Protocol):
    """One kind of value."""

    def problems(self, value: Any, path: str) -> Iterator[str]:
        """Yield one sentence per violated constraint, each naming `path`."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A string: shortest and longest length, pattern of the whole, allowed values."""

    low: int = 0
    high: int | None = None
    pattern: re.Pattern[str] | None = None
    options: frozenset[str] = frozenset()

    def problems(self, value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield f"{path} must be a string, not {value!r}"
        elif len(value) < self.low:
            yield f"{path} must have at least {self.low} characters"
        elif self.high is not None and len(value) > self.high:
            yield f"{path} must have at most {self.high} characters, has {len(value)}"
        elif self.pattern is not None and not self.pattern.fullmatch(value):
            yield f"value {value!r} at {path} must match {self.pattern.pattern}"
        elif self.options and value not in self.options:
            yield f"value {value!r} at {path} must be one of {', '.join(sorted(self.options))}"


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer within bounds."""

    low: int
    high: int

    def problems(self, value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield f"{path} must be an integer, not {value!r}"
        elif not self.low <= value <= self.high:
            yield f"{path} must be between {self.low} and {self.high}, is {value}"


@dataclass(frozen=True, slots=True)
class Many:
    """A list of one kind, within a length."""

    item: Shape
    low: int = 0
    high: int | None = None

    def problems(self, value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{path} must be a list, not {value!r}"
        elif len(value) < self.low or (self.high is not None and len(value) > self.high):
            yield f"{path} must have between {self.low} and {self.high} members, has {len(value)}"
        else:
            for number, item in enumerate(value, start=1):
                yield from self.item.problems(item, f"{path}.{number}")


@dataclass(frozen=True, slots=True)
class Table:
    """A map from strings to one kind."""

    key: Shape
    value: Shape
    low: int = 0

    def problems(self, value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path} must be a map, not {value!r}"
        elif len(value) < self.low:
            yield f"{path} must have at least {self.low} members"
        else:
            for name, entry in value.items():
                yield from self.key.problems(name, f"{path} key")
                yield from self.value.problems(entry, f"{path}.{name}")


@dataclass(frozen=True, slots=True)
class Record:
    """A structure. An unknown member is a problem: what the simulator would ignore, it does not simulate."""

    members: Mapping[str, Shape]
    required: frozenset[str] = field(default=frozenset())

    def problems(self, value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path or 'the request'} must be a structure, not {value!r}"
            return
        prefix = f"{path}." if path else ""
        for name in sorted(self.required - value.keys()):
            yield f"{prefix}{name} is required"
        for name, entry in value.items():
            shape = self.members.get(name)
            if shape is None:
                yield f"{prefix}{name} is not a member this simulator knows"
            else:
                yield from shape.problems(entry, f"{prefix}{name}")
