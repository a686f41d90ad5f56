from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudmap_mcs.domain.model import ClusterId, Export, Gap, Record
from cloudmap_mcs.domain.offers import NoExport
from cloudmap_mcs.plan.exporting import TOMBSTONE_MS, Keep, Remove, Step, Wait, Write, step
from tests.builders import a_record, a_slice, an_export

A = ClusterId("a")
NOW = 1_700_000_000_000
WANTED = an_export("a", slices=[a_slice("10.0.0.1")])
OTHER = an_export("a", slices=[a_slice("10.0.0.2")])


def decide(want: Export | NoExport, held: Record | None, now_ms: int = NOW) -> Step:
    return step(A, "uid-a", want, held, now_ms=now_ms)


def tombstone(age_ms: int) -> Record:
    return a_record(Gap.UNEXPORTED, NOW - age_ms)


def test_an_export_is_written_for_the_first_time_with_the_time_as_generation() -> None:
    assert decide(WANTED, None) == Write(Record(A, NOW, WANTED, owner="uid-a"))


def test_an_equal_record_is_kept() -> None:
    assert decide(WANTED, a_record(WANTED)) == Keep()


@pytest.mark.parametrize(
    "held",
    [
        pytest.param(a_record(OTHER), id="other content"),
        pytest.param(replace(a_record(WANTED), owner="uid-of-a-former-cluster"), id="other owner"),
        pytest.param(a_record(Gap.UNEXPORTED), id="tombstone"),
        pytest.param(a_record(Gap.INCOMPLETE, head=WANTED), id="parts missing"),
    ],
)
def test_anything_else_is_written_over(held: Record) -> None:
    written = decide(WANTED, held)

    assert isinstance(written, Write)
    assert not written.is_withdrawal
    assert written.record.content == WANTED


def test_what_was_never_exported_leaves_nothing_to_do() -> None:
    assert decide(NoExport(), None) == Keep()


@pytest.mark.parametrize("content", [WANTED, Gap.INCOMPLETE])
def test_an_unexport_is_a_tombstone_of_a_higher_generation(content: Export | Gap) -> None:
    held = replace(a_record(WANTED, NOW + 5), content=content)
    withdrawn = decide(NoExport(), held)

    assert withdrawn == Write(Record(A, NOW + 6, Gap.UNEXPORTED, owner="uid-a"))
    assert withdrawn.is_withdrawal


def test_a_tombstone_waits_for_the_rest_of_its_quarter_of_an_hour() -> None:
    assert decide(NoExport(), tombstone(60_000)) == Wait(14 * 60)


def test_a_tombstone_of_a_clock_that_ran_ahead_is_looked_at_within_its_time() -> None:
    assert decide(NoExport(), tombstone(-(10**12))) == Wait(TOMBSTONE_MS / 1000)


@pytest.mark.parametrize("age", [TOMBSTONE_MS, TOMBSTONE_MS + 1])
def test_an_old_tombstone_is_removed(age: int) -> None:
    assert decide(NoExport(), tombstone(age)) == Remove(tombstone(age))


@given(now=st.integers(0, 2 * NOW), held=st.integers(0, 2 * NOW))
def test_generations_only_grow_whatever_the_clock_says(now: int, held: int) -> None:
    written = decide(WANTED, a_record(OTHER, held), now)

    assert isinstance(written, Write)
    assert written.record.generation > held
    assert written.record.generation >= now
