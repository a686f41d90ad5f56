"""How long checks are waited for, by a clock that only moves when somebody sleeps."""

from dataclasses import dataclass, field

import pytest

from tests.conformance.verdicts import UnmetError, need
from tests.conformance_parts.clock import Clock


@dataclass
class Sleeper(Clock):
    looks: list[float] = field(default_factory=list)

    def holds_from(self, begin: float, until: float = float("inf")) -> bool:
        self.looks.append(self.now)
        return begin <= self.now < until


def test_within_gives_the_value_of_the_first_look_that_passes() -> None:
    clock = Sleeper()

    def look() -> str:
        need(clock.holds_from(0.25), "not yet")
        return "there"

    assert clock.waiting().within(1, look) == "there"
    assert clock.looks == [0.0, 0.1, 0.2, 0.3]


def test_within_looks_a_last_time_at_the_limit_and_then_says_what_was_missing() -> None:
    clock = Sleeper()

    with pytest.raises(UnmetError, match="not yet") as raised:
        clock.waiting().within(1, lambda: need(clock.holds_from(1.1), "not yet"), every=0.5)

    assert clock.looks == [0.0, 0.5, 1.0]
    assert raised.value.__notes__ == ["not so within 1 s"]


def test_within_is_ended_at_once_by_any_other_error() -> None:
    clock = Sleeper()

    def broken() -> None:
        clock.looks.append(clock.now)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        clock.waiting().within(1, broken)
    assert clock.looks == [0.0]


def test_throughout_looks_until_the_time_is_over() -> None:
    clock = Sleeper()

    clock.waiting().throughout(5, lambda: need(clock.holds_from(0), "gone"))

    assert len(clock.looks) == 51
    assert clock.looks[-1] == 5


def test_throughout_ends_with_a_single_miss() -> None:
    clock = Sleeper()

    def look() -> None:
        need(not clock.holds_from(2.9, until=3.05), "gone")

    with pytest.raises(UnmetError) as raised:
        clock.waiting().throughout(5, look)
    assert raised.value.__notes__ == ["not so after 2.9 of 5 s"]


def test_repeatedly_counts_anew_after_a_miss() -> None:
    clock = Sleeper()

    clock.waiting().repeatedly(3, lambda: need(not clock.holds_from(2, until=3), "no answer"))

    assert clock.looks == [0, 1, 2, 3, 4, 5]


def test_repeatedly_gives_up_after_its_time_for_all_times() -> None:
    clock = Sleeper()

    with pytest.raises(UnmetError, match="1 of 2 times in a row"):
        clock.waiting().repeatedly(2, lambda: need(clock.holds_from(0) and clock.now % 2 == 0, "no"), seconds=2)
    assert clock.looks == [0, 1, 2, 3, 4]
