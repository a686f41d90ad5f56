"""Waiting for a cluster within the time that an installer has."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from cloudmap_mcs.errors import RetryableError
from cloudmap_mcs.ports import Clock

T = TypeVar("T")

POLL_SECONDS: Final = 1.0


class OutOfTimeError(RetryableError):
    """The time was up before a step was done; what was done stays, and another run goes on from there."""

    reason = "OutOfTime"


@dataclass(frozen=True, slots=True)
class Patience:
    """Waits until `deadline_ms`, in milliseconds since the epoch, and never past it."""

    clock: Clock
    deadline_ms: int

    def left(self) -> float:
        """Seconds until the deadline."""
        return (self.deadline_ms - self.clock.now_ms()) / 1000

    def check(self, what: str) -> None:
        """Raise OutOfTimeError if nothing can be begun any more."""
        if self.left() <= 0:
            raise OutOfTimeError(f"no time was left: {what}; deploy again, which goes on from there")

    def until(self, what: str, look: Callable[[], T | None]) -> T:
        """Look every second until there is something to see, and return it; OutOfTimeError names what was missing."""
        while (seen := look()) is None:
            self.pause(POLL_SECONDS, what)
        return seen

    def pause(self, seconds: float, what: str) -> None:
        """Sleep; OutOfTimeError if that would reach the deadline."""
        if self.left() <= seconds:
            raise OutOfTimeError(f"no time was left: {what}; deploy again, which goes on from there")
        self.clock.sleep(seconds)


@dataclass(frozen=True, slots=True)
class PatientClock:
    """A Clock for adapters that wait by themselves: none of them sleeps past the deadline, OutOfTimeError instead."""

    patience: Patience

    def now_ms(self) -> int:
        return self.patience.clock.now_ms()

    def sleep(self, seconds: float) -> None:
        self.patience.pause(seconds, "an answer of the cluster or of AWS was being waited for")
