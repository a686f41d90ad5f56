"""Three ways to wait: until something holds, as long as it must hold, and until it holds many times in a row."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from tests.conformance.verdicts import UnmetError

T = TypeVar("T")

IMPORT_SECONDS: Final = 20.0
"""Until an import, a condition or an answer is there, or gone."""
STEADY_SECONDS: Final = 5.0
"""As long as something must stay as it is."""
POD_SECONDS: Final = 60.0
"""Until pods run and their endpoints are there."""
OLDER_SECONDS: Final = 1.1
"""Makes an export older than the next: creation timestamps are whole seconds."""

POLL: Final = 0.1
SLOW_POLL: Final = 1.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Waits by a clock in seconds. Checks say no by raising an UnmetError; any other error ends the wait at once."""

    monotonic: Callable[[], float]
    sleep: Callable[[float], None]

    def within(self, seconds: float, check: Callable[[], T], *, every: float = POLL) -> T:
        """Wait until the check passes and return its value; no look begins after the time is over."""
        deadline = self.monotonic() + seconds
        while True:
            try:
                return check()
            except UnmetError as error:
                if self.monotonic() + every > deadline:
                    error.add_note(f"not so within {seconds:g} s")
                    raise
            self.sleep(every)

    def throughout(self, seconds: float, check: Callable[[], object], *, every: float = POLL) -> None:
        """Look again and again for that long; a single miss is the end."""
        begin = self.monotonic()
        while (now := self.monotonic()) <= begin + seconds:
            try:
                check()
            except UnmetError as error:
                error.add_note(f"not so after {now - begin:.1f} of {seconds:g} s")
                raise
            self.sleep(every)

    def repeatedly(
        self, times: int, check: Callable[[], object], *, seconds: float = IMPORT_SECONDS, every: float = SLOW_POLL
    ) -> None:
        """Wait until the check passes so many times in a row, for so many seconds per time in all."""
        passed = 0

        def in_a_row() -> None:
            nonlocal passed
            try:
                check()
            except UnmetError:
                passed = 0
                raise
            passed += 1
            if passed < times:
                raise UnmetError(f"{passed} of {times} times in a row")

        self.within(seconds * times, in_a_row, every=every)
