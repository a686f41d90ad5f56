"""A clock that moves only when told to, or when somebody sleeps."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class FixedClock:
    ms: int = 1_700_000_000_000
    before: Callable[[str], None] = lambda _: None

    def now_ms(self) -> int:
        return self.ms

    def sleep(self, seconds: float) -> None:
        self.before("sleep")
        self.ms += int(seconds * 1000)
