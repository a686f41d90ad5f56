"""How long to wait after a failure: a quick first retry, then full jitter up to half a minute."""

from collections.abc import Callable
from typing import Final

CEILINGS: Final = (0.2, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds; the wait after the nth failure in a row is a random part of the nth, later ones of the last."""

HEALTHY_SECONDS: Final = 60.0


class Backoff:
    """Counts failures of one thing. `random` gives numbers from 0 up to 1, `monotonic` seconds."""

    def __init__(self, *, random: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self._random = random
        self._monotonic = monotonic
        self._failures = 0
        self._failed = 0.0

    def after_failure(self) -> float:
        """Give the seconds to wait now; after a minute without a failure counting begins anew."""
        now = self._monotonic()
        if now - self._failed >= HEALTHY_SECONDS:
            self._failures = 0
        ceiling = CEILINGS[min(self._failures, len(CEILINGS) - 1)]
        self._failures += 1
        wait = ceiling * self._random()
        self._failed = now + wait
        return wait
