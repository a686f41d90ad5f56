import random
from collections.abc import Callable
from itertools import pairwise
from statistics import median

import pytest

from cloudmap_mcs.cloudmap.polling import OperationTimes


def run(times: OperationTimes, duration: Callable[[], float], count: int) -> list[tuple[float, int]]:
    """Watch operations one after another; give for each how late it was found done, and the number of looks."""
    results = []
    for _ in range(count):
        takes = duration()
        version, looks = times.looks()
        looked = []
        for at in looks:
            looked.append(at)
            if at >= takes:
                break
        times.learn(version, looked)
        results.append((looked[-1] - takes, len(looked)))
    return results


@pytest.mark.parametrize(("delay", "late"), [(0.1, 0.03), (0.3, 0.03), (1.0, 0.06)])
@pytest.mark.parametrize("jitter", [0.0, 0.01, 0.05])
def test_warm_operations_are_found_done_soon_with_few_looks(delay: float, late: float, jitter: float) -> None:
    rng = random.Random(1)  # noqa: S311  repeatable jitter, no secret
    times = OperationTimes()
    run(times, lambda: delay, 10)

    results = run(times, lambda: delay + rng.uniform(0, jitter), 100)

    assert median(overshoot for overshoot, _ in results) <= late
    assert max(count for _, count in results) <= 6


@pytest.mark.parametrize(("before", "after"), [(0.1, 1.0), (1.0, 0.1), (0.3, 0.02)])
def test_a_changed_duration_is_learned_within_a_dozen_operations(before: float, after: float) -> None:
    times = OperationTimes()
    run(times, lambda: before, 30)

    learning, learned = (run(times, lambda: after, 12), run(times, lambda: after, 20))

    assert max(count for _, count in learning) <= 10
    assert max(overshoot for overshoot, _ in learned) <= 0.09
    assert max(count for _, count in learned) <= 6


def test_nothing_is_known_at_first_so_looks_start_close_and_spread() -> None:
    _, looks = OperationTimes().looks()

    assert [round(next(looks), 3) for _ in range(7)] == [0.05, 0.1, 0.18, 0.308, 0.513, 0.84, 1.365]


def test_looks_are_never_further_apart_than_two_seconds() -> None:
    _, looks = OperationTimes().looks()
    at = [next(looks) for _ in range(30)]

    assert max(later - earlier for earlier, later in pairwise(at)) == pytest.approx(2.0)


def test_operations_at_the_same_time_count_once() -> None:
    together, single = OperationTimes(), OperationTimes()
    for times in (together, single):
        run(times, lambda: 0.3, 20)
    started = [together.looks() for _ in range(20)]
    version, looks = single.looks()
    done = next(looks)
    single.learn(version, [done])

    for same, _ in started:
        together.learn(same, [done])

    assert next(together.looks()[1]) == next(single.looks()[1])
