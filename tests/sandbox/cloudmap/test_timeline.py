"""Values over time."""

from hypothesis import given
from hypothesis import strategies as st

from sandbox.cloudmap.timeline import Timeline


def test_value_counts_from_its_moment() -> None:
    line: Timeline[str] = Timeline()
    line.record(1.0, "a", keep=10)
    line.record(2.0, "b", keep=10)
    line.record(3.0, None, keep=10)

    assert [line.at(moment) for moment in (0.9, 1.0, 1.9, 2.0, 3.0)] == [None, "a", "a", "b", None]


def test_forgotten_past_is_answered_with_the_oldest_that_is_known() -> None:
    line: Timeline[str] = Timeline()
    for moment in range(10):
        line.record(float(moment), str(moment), keep=2)

    assert line.at(0.0) == "7"
    assert line.at(7.5) == "7"


@given(st.lists(st.floats(0, 3), min_size=1, max_size=30), st.floats(0, 5), st.floats(0, 5))
def test_forgetting_never_changes_what_is_asked_for_within_the_time_kept(
    steps: list[float], keep: float, age: float
) -> None:
    kept: Timeline[int] = Timeline()
    whole: Timeline[int] = Timeline()
    now = 0.0
    for number, step in enumerate(steps):
        now += step
        kept.record(now, number, keep=keep)
        whole.record(now, number, keep=1e9)

    moment = now - min(age, keep)

    assert kept.at(moment) == whole.at(moment)
