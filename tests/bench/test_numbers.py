import pytest

from bench.numbers import Sighting, availability, percentile, spread

SAMPLES = [float(number) for number in range(100, 0, -1)]


def test_the_p95_is_the_smallest_sample_that_95_of_100_do_not_exceed() -> None:
    summed = spread(SAMPLES)

    assert (summed.count, summed.median, summed.p95, summed.worst) == (100, 50.5, 95.0, 100.0)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, 1), (2, 2), (19, 19), (20, 19), (50, 48)],
    ids=["one", "two", "nineteen", "twenty", "fifty"],
)
def test_few_samples_are_never_averaged_away(count: int, expected: int) -> None:
    assert percentile([float(number) for number in range(1, count + 1)], 95) == expected


def test_nothing_measured_is_no_number() -> None:
    with pytest.raises(ValueError, match="no samples"):
        spread([])


def a_history(*moments: tuple[float, str]) -> list[Sighting]:
    return [Sighting(at, frozenset(letters)) for at, letters in moments]


def test_a_copy_that_lags_is_missing_the_new_endpoint_and_holds_the_old_one() -> None:
    truth = a_history((0, "ab"), (1, "bc"))
    copy = a_history((0, "ab"), (1.5, "bc"))

    found = availability(truth, copy, 3)

    assert (found.missing_seconds, found.stale_seconds, found.fewest) == (0.5, 0.5, 1)


def test_two_endpoints_for_one_second_count_as_one_for_two() -> None:
    truth = a_history((0, "abcd"))

    both = availability(truth, a_history((0, "ab"), (1, "abcd")), 2)
    one = availability(truth, a_history((0, "abc"), (2, "abcd")), 2)

    assert both.missing_seconds == one.missing_seconds == 2
    assert (both.fewest, one.fewest) == (2, 3)


def test_an_equal_copy_lacks_nothing() -> None:
    history = a_history((0, "ab"), (1, "bc"))

    found = availability(history, history, 5)

    assert (found.missing_seconds, found.stale_seconds, found.fewest) == (0, 0, 2)


def test_nothing_counts_before_both_have_been_seen_nor_after_the_end() -> None:
    truth = a_history((0, "a"))
    copy = a_history((4, "b"), (9, "a"))

    found = availability(truth, copy, 6)

    assert (found.missing_seconds, found.stale_seconds, found.fewest) == (2, 2, 0)
