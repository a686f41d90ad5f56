"""The Clock port over the system's time: the only place that reads it."""

import time


class SystemClock:
    """Wall clock in milliseconds since the epoch; sleeps for real."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
