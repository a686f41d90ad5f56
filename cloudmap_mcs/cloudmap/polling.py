"""When to look whether an operation is done: soon after it is, with few looks.

Cloud Map's operations take about as long as the ones before them. So the first look is made just before the time that
the earlier ones needed, the next ones close behind it, then at growing distances.
"""

import threading
from collections.abc import Iterator, Sequence
from typing import Final

_COLD_FIRST: Final = 0.05
_EARLIEST: Final = 0.02
_SMALLEST_GAP: Final = 0.015
_LARGEST_GAP: Final = 2.0
_GAP_SHARE: Final = 0.04
_GROWTH: Final = 1.6
_PROBE: Final = 0.03
_LARGEST_PROBE: Final = 0.25


class OperationTimes:
    """Learns how long operations take, in seconds. Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mean: float | None = None
        self._deviation = 0.0
        self._early_streak = 0
        self._version = 0

    def looks(self) -> tuple[int, Iterator[float]]:
        """Give the times since the start of an operation at which to look, and a number to hand back to `learn`."""
        with self._lock:
            if self._mean is None:
                return self._version, _spread(_COLD_FIRST, _COLD_FIRST)
            first = max(_EARLIEST, self._mean - self._deviation)
            gap = max(_SMALLEST_GAP, _GAP_SHARE * first, self._deviation / 2)
            return self._version, _spread(first, gap)

    def learn(self, version: int, looked: Sequence[float]) -> None:
        """Take note of the looks at one operation; only the last found it done.

        An operation that was done at the first look may have been done much earlier: then the next ones are looked at
        earlier, by more and more as long as that lasts. Operations that ran at the same time count once for that.
        """
        with self._lock:
            if len(looked) > 1:
                self._early_streak = 0
                self._move((looked[-2] + looked[-1]) / 2)
            elif version == self._version or self._mean is None:
                probe = min(_LARGEST_PROBE, _PROBE * 2**self._early_streak)
                self._early_streak = min(self._early_streak + 1, 8)
                self._mean = looked[-1] * (1 - probe)
                self._deviation *= 0.75
            self._version += 1

    def _move(self, seen: float) -> None:
        if self._mean is None:
            self._mean = seen
            return
        error = seen - self._mean
        self._mean += error / 2
        self._deviation += (abs(error) - self._deviation) / 4


def _spread(first: float, gap: float) -> Iterator[float]:
    at = first
    while True:
        yield at
        at += gap
        gap = min(_LARGEST_GAP, gap * _GROWTH)
