import pytest

from cloudmap_mcs.cloudmap.rates import RATES, Buckets
from tests.cloudmap.handheld import HandTimer


def test_the_account_is_shared_by_the_members() -> None:
    timer = HandTimer()
    buckets = Buckets(5, timer)

    for _ in range(100):
        buckets.acquire("RegisterInstance")

    assert sum(timer.slept) == pytest.approx((100 - 20) / 10)


@pytest.mark.parametrize("operation", sorted(RATES))
def test_a_burst_passes_at_once_and_what_follows_at_the_rate(operation: str) -> None:
    rate, burst = RATES[operation]
    timer = HandTimer()
    buckets = Buckets(1, timer)

    for _ in range(int(burst)):
        buckets.acquire(operation)
    assert timer.slept == []

    buckets.acquire(operation)
    assert timer.slept == [pytest.approx(1 / rate)]


def test_a_bucket_of_less_than_one_token_still_lets_calls_through() -> None:
    timer = HandTimer()
    buckets = Buckets(100, timer)

    for _ in range(3):
        buckets.acquire("ListServices")

    assert timer.now == pytest.approx(100)


def test_throttling_halves_the_rate_and_a_minute_brings_it_back() -> None:
    timer = HandTimer()
    buckets = Buckets(1, timer)

    buckets.shrink("GetOperation")
    buckets.shrink("GetOperation")
    assert buckets.rate("GetOperation") == pytest.approx(25)
    timer.now = 30.0
    assert buckets.rate("GetOperation") == pytest.approx(75)
    timer.now = 300.0
    assert buckets.rate("GetOperation") == pytest.approx(100)
    assert buckets.rate("RegisterInstance") == pytest.approx(50)


def test_throttling_empties_the_bucket_but_never_stops_it() -> None:
    timer = HandTimer()
    buckets = Buckets(1, timer)

    for _ in range(50):
        buckets.shrink("RegisterInstance")
    buckets.acquire("RegisterInstance")

    assert timer.slept == [pytest.approx(1 / (50 * 0.05))]
