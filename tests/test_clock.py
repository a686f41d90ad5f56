import time

from cloudmap_mcs.clock import SystemClock


def test_the_clock_is_the_systems_in_milliseconds() -> None:
    before = time.time_ns() // 1_000_000
    clock = SystemClock()
    clock.sleep(0.002)

    assert before + 2 <= clock.now_ms() <= time.time_ns() // 1_000_000
