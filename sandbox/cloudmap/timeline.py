"""Values over time, so that the data plane can serve how things were a moment ago."""

from bisect import bisect_right
from typing import Generic, TypeVar

T = TypeVar("T")


class Timeline(Generic[T]):
    """What a value was, and since when; None means it did not exist."""

    __slots__ = ("_moments", "_pruned", "_values")

    def __init__(self) -> None:
        self._moments: list[float] = []
        self._values: list[T | None] = []
        self._pruned = False

    def record(self, moment: float, value: T | None, *, keep: float) -> None:
        """Note a change at `moment`, which never goes back; forget what ended more than `keep` seconds before it."""
        self._moments.append(moment)
        self._values.append(value)
        outdated = bisect_right(self._moments, moment - keep) - 1
        if outdated > 0:
            del self._moments[:outdated], self._values[:outdated]
            self._pruned = True

    def at(self, moment: float) -> T | None:
        """Return the value as of `moment`; where that was forgotten, the oldest value still known."""
        index = bisect_right(self._moments, moment) - 1
        if index < 0:
            return self._values[0] if self._pruned else None
        return self._values[index]
