"""Time for checks in tests: it only moves when somebody sleeps."""

from dataclasses import dataclass

from tests.conformance.waiting import Waiting


@dataclass
class Clock:
    now: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.now = round(self.now + seconds, 6)

    def waiting(self) -> Waiting:
        return Waiting(lambda: self.now, self.sleep)
