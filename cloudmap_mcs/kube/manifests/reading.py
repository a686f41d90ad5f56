"""Parsed JSON read by type: strictly, or so that nothing which somebody edited can stop the reader.

The readers raise ValueError or TypeError. A `Reading` catches them for one object of ours: anybody who may edit the
object may have spoilt it, and then the next write has to repair it, not a person.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

T = TypeVar("T")
S = TypeVar("S")

UNREADABLE: Final = (ValueError, TypeError, LookupError, AttributeError)
"""What reading an object raises whose content is not what we know."""


class Reading:
    """One object's fields, read one by one; `is_whole` says whether all of them could be read so far."""

    def __init__(self) -> None:
        self.is_whole = True

    def read(self, decode: Callable[[Any], T], raw: Any, otherwise: S) -> T | S:
        """Decode a field, or take `otherwise` and remember that the object is not whole."""
        try:
            return decode(raw)
        except UNREADABLE:
            self.is_whole = False
            return otherwise


def text(value: Any, absent: T) -> str | T:
    """Read a string; null counts as absent."""
    return absent if value is None else _of(str, value)


def number(value: Any, absent: T) -> int | T:
    """Read a whole number; JSON's true and false are none."""
    return absent if value is None else _of(int, value)


def flag(value: Any, absent: T) -> bool | T:
    return absent if value is None else _of(bool, value)


def mapped(value: Any) -> dict[str, Any]:
    """Read an object; null is an empty one."""
    return {} if value is None else _of(dict, value)


def listed(value: Any) -> list[Any]:
    """Read a list; null is an empty one."""
    return [] if value is None else _of(list, value)


def texts(value: Any) -> tuple[str, ...]:
    """Read a list of strings; null is an empty one."""
    return tuple(_of(str, item) for item in listed(value))


def _of(kind: type[T], value: Any) -> T:
    if type(value) is not kind:
        raise TypeError(f"{type(value).__name__} where {kind.__name__} is expected")
    return value
