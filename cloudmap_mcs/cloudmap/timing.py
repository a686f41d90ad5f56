"""Time for waiting: rates and polling measure and sleep by it, tests move it by hand."""

import time
from typing import Protocol


class Timer(Protocol):
    """A clock that only goes forward. Threads share it."""

    def seconds(self) -> float:
        """Seconds since any fixed moment."""
        ...

    def sleep(self, seconds: float) -> None: ...


class MonotonicTimer:
    """The machine's own."""

    def seconds(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
