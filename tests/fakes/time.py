"""Monotonic seconds that move when told to, and a wait for what another thread does."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Seconds:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


def until(condition: Callable[[], object]) -> None:
    """Wait for another thread; a test that needs ten seconds has failed."""
    for _ in range(2_000):
        if condition():
            return
        time.sleep(0.005)
    raise TimeoutError
