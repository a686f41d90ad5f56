from collections.abc import Mapping
from itertools import count

import pytest

from cloudmap_mcs.domain.imports import Note
from cloudmap_mcs.domain.model import ClusterId, Gap, Record
from cloudmap_mcs.ports import SetAside
from cloudmap_mcs.reconcile.reading import Patience, Reader, Reading
from tests.builders import KEY, a_record, a_slice, an_export
from tests.rig import Rig

A, B = ClusterId("a"), ClusterId("b")
OLD, NEW = a_record(an_export("a"), 4), a_record(an_export("a", slices=[a_slice("10.1.0.1")]), 5)
OTHER = a_record(an_export("b"), 9)


def floor(generation: int, source: ClusterId = A) -> Mapping[ClusterId, Note]:
    return {source: Note(source, generation, "srv-1")}


def lagging(rig: Rig, reads: int) -> None:
    """Let the data plane be one write behind for this many reads of a source."""
    numbers = count()
    rig.registry.lag = lambda: 1 if next(numbers) < reads else 0


def read(
    rig: Rig,
    known: Mapping[ClusterId, Note] | None = None,
    wanted: Mapping[ClusterId, int] | None = None,
    patience: Patience = Patience.REREAD,
) -> Reading:
    return Reader(rig.registry, rig.clock).read(KEY, known or {}, wanted or {}, patience)


def test_a_fresh_answer_is_believed_at_once() -> None:
    rig = Rig()
    rig.register(OLD, NEW)

    assert read(rig, floor(5), {A: 5}) == Reading((NEW,), frozenset(), ())
    assert rig.calls == ["discover"]


@pytest.mark.parametrize(
    ("known", "wanted"), [(floor(5), None), (None, {A: 5})], ids=["below-the-floor", "below-the-event"]
)
def test_a_stale_answer_is_read_again_until_it_is_fresh(
    known: Mapping[ClusterId, Note] | None, wanted: Mapping[ClusterId, int] | None
) -> None:
    rig = Rig()
    rig.register(OLD, NEW)
    lagging(rig, 2)

    assert read(rig, known, wanted) == Reading((NEW,), frozenset(), ())
    assert rig.calls == ["discover", "sleep", "discover", "sleep", "discover"]


def test_a_stale_answer_is_given_up_after_about_a_second() -> None:
    rig = Rig()
    rig.register(OLD, NEW)
    lagging(rig, 100)
    started = rig.clock.ms

    reading = read(rig, floor(5))

    assert reading.stale == {A}
    assert rig.calls.count("discover") == 6
    assert rig.calls.count("read") == 0
    assert 800 <= rig.clock.ms - started <= 1_200


def test_absence_of_what_was_known_is_stale_and_a_tombstone_is_not() -> None:
    rig = Rig()
    assert read(rig, floor(5)).stale == {A}

    rig.register(a_record(Gap.UNEXPORTED, 5, cluster="a"))

    assert read(rig, floor(5)).stale == frozenset()


def test_the_patient_let_the_control_plane_decide_after_reading_again() -> None:
    rig = Rig()
    rig.register(OLD, NEW)
    lagging(rig, 100)

    assert read(rig, floor(5), patience=Patience.DECIDE) == Reading((NEW,), frozenset(), ())
    assert rig.calls.count("discover") == 6
    assert rig.calls[-1] == "read"


def test_a_resync_asks_the_control_plane_at_once() -> None:
    rig = Rig()
    rig.register(OLD, NEW)
    lagging(rig, 100)

    assert read(rig, floor(5), patience=Patience.RESYNC) == Reading((NEW,), frozenset(), ())
    assert rig.calls == ["discover", "read"]


@pytest.mark.parametrize("patience", [Patience.DECIDE, Patience.RESYNC])
def test_the_control_plane_is_believed_for_a_lower_generation(patience: Patience) -> None:
    """An exporter that was built anew may begin again lower."""
    rig = Rig()
    rig.register(OLD)

    assert read(rig, floor(5), patience=patience) == Reading((OLD,), frozenset(), ())


@pytest.mark.parametrize("patience", [Patience.DECIDE, Patience.RESYNC])
def test_the_control_plane_is_believed_for_absence(patience: Patience) -> None:
    rig = Rig()
    rig.register(OTHER)

    assert read(rig, floor(5), patience=patience) == Reading((OTHER,), frozenset(), ())


def test_the_control_plane_is_asked_for_the_stale_sources_only_with_the_service_that_was_noted() -> None:
    rig = Rig()
    rig.register(OLD, OTHER)

    read(rig, {A: Note(A, 5, "srv-old")}, {ClusterId("c"): 1}, Patience.RESYNC)

    assert rig.registry.asked == [(A, "srv-old"), (ClusterId("c"), None)]


@pytest.mark.parametrize("patience", Patience)
def test_with_nothing_stale_nobody_asks_the_control_plane(patience: Patience) -> None:
    rig = Rig()
    rig.register(OLD)

    read(rig, floor(4), patience=patience)

    assert rig.calls == ["discover"]


def test_what_was_set_aside_is_passed_on() -> None:
    rig = Rig()
    rig.registry.set_aside = (SetAside("i-1", "not ours"),)

    assert read(rig, floor(5), patience=Patience.RESYNC).set_aside == (SetAside("i-1", "not ours"),)
    assert read(rig).set_aside == (SetAside("i-1", "not ours"),)


def test_a_malformed_record_leaves_its_source_as_it_is_and_does_not_hinder_others() -> None:
    rig = Rig()
    rig.register(NEW, OTHER)
    rig.registry.malformed = {A}

    reading = read(rig, floor(5), patience=Patience.DECIDE)

    assert reading.records == (Record(A, 5, Gap.INCOMPLETE, service_id="srv-1"), OTHER)
    assert [item.instance for item in reading.set_aside] == ["a"]


def test_a_malformed_record_of_a_source_that_nothing_was_made_of_is_none() -> None:
    rig = Rig()
    rig.registry.malformed = {A}

    assert read(rig, wanted={A: 5}, patience=Patience.DECIDE).records == ()


def test_a_still_older_answer_than_before_says_nothing_new() -> None:
    rig = Rig()
    rig.register(OLD, NEW)
    first = read(rig)
    lagging(rig, 100)

    reader = Reader(rig.registry, rig.clock).remembering(first)

    assert reader.read(KEY, floor(5), {}, Patience.REREAD) == first
    rig.register(a_record(an_export("a"), 6), a_record(an_export("a"), 7))
    assert reader.read(KEY, floor(5), {}, Patience.REREAD).records[0].generation == 6


@pytest.mark.parametrize(
    ("record", "is_waiting"),
    [
        pytest.param(NEW, False, id="whole"),
        pytest.param(a_record(Gap.UNEXPORTED), False, id="tombstone"),
        pytest.param(a_record(Gap.INCOMPLETE), False, id="newer-format"),
        pytest.param(a_record(Gap.INCOMPLETE, head=an_export("a")), True, id="parts-missing"),
    ],
)
def test_only_missing_parts_are_worth_waiting_for(record: Record, is_waiting: bool) -> None:
    assert Reading((OTHER, record), frozenset(), ()).has_missing_parts is is_waiting
