"""The first retry is quick, the later ones are rare, and a minute of health forgets it all."""

from cloudmap_mcs.kube.backoff import Backoff


class Steady:
    """A clock that moves by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_waits_grow_from_a_quick_first_one_to_half_a_minute() -> None:
    backoff = Backoff(random=lambda: 0.5, monotonic=Steady())

    assert [backoff.after_failure() for _ in range(9)] == [0.1, 0.5, 1, 2, 4, 8, 15, 15, 15]


def test_a_minute_without_failure_begins_anew() -> None:
    clock = Steady()
    backoff = Backoff(random=lambda: 1.0, monotonic=clock)
    waits = []
    for pause in (0.0, 59.0, 60.0):
        clock.now += pause
        wait = backoff.after_failure()
        waits.append(wait)
        clock.now += wait

    assert waits == [0.2, 1.0, 0.2]
