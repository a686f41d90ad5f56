import pytest

from cloudmap_mcs.domain.freshness import floors, stale_sources
from cloudmap_mcs.domain.imports import ImportedSlice, NamespaceState, Note, Observed, Seen, ServiceImport
from cloudmap_mcs.domain.model import ClusterId, Family, Gap, ServiceType
from tests.builders import KEY, a_record, an_export

A, B = ClusterId("a"), ClusterId("b")


def a_note(source: ClusterId, generation: int, service_id: str = "srv-1") -> Note:
    return Note(source, generation, service_id)


def observed(*notes: Note, slices: tuple[Note, ...] = ()) -> Observed:
    held = ServiceImport(KEY, ServiceType.CLUSTER_SET_IP, (), (), (), notes=notes)
    seen = tuple(
        Seen(
            ImportedSlice(
                KEY,
                str(at),
                note.source,
                "s",
                Family.IPV4,
                (),
                (),
                generation=note.generation,
                service_id=note.service_id,
            ),
            "uid",
            "1",
        )
        for at, note in enumerate(slices)
    )
    return Observed(NamespaceState.PRESENT, Seen(held, "uid", "1"), slices=seen)


@pytest.mark.parametrize(
    ("seen", "floor"),
    [
        pytest.param(Observed(NamespaceState.PRESENT), {}, id="nothing"),
        pytest.param(observed(a_note(A, 3), a_note(B, 4)), {A: 3, B: 4}, id="import"),
        pytest.param(observed(a_note(A, 3), slices=(a_note(A, 5), a_note(A, 4))), {A: 5}, id="newest-slice"),
        pytest.param(observed(a_note(A, 6), slices=(a_note(A, 5),)), {A: 6}, id="import-is-newer"),
        pytest.param(observed(slices=(a_note(B, 5),)), {B: 5}, id="slice-alone"),
    ],
)
def test_the_floor_of_a_source_is_its_newest_note(seen: Observed, floor: dict[ClusterId, int]) -> None:
    assert {source: note.generation for source, note in floors(seen).items()} == floor


def test_a_floor_remembers_where_its_record_was_read() -> None:
    assert floors(observed(a_note(A, 3, "srv-old"), slices=(a_note(A, 5, "srv-new"),)))[A].service_id == "srv-new"


@pytest.mark.parametrize(
    ("found", "floor", "wanted", "is_stale"),
    [
        pytest.param(5, None, None, False, id="nothing-known"),
        pytest.param(5, 5, None, False, id="at-the-floor"),
        pytest.param(4, 5, None, True, id="below-the-floor"),
        pytest.param(5, None, 5, False, id="as-announced"),
        pytest.param(4, None, 5, True, id="below-the-event"),
        pytest.param(5, 5, 6, True, id="event-above-floor"),
        pytest.param(6, 7, 6, True, id="floor-above-event"),
        pytest.param(None, None, None, False, id="unknown-and-absent"),
        pytest.param(None, 5, None, True, id="noted-but-absent"),
        pytest.param(None, None, 5, True, id="announced-but-absent"),
    ],
)
def test_a_read_below_what_is_known_is_stale(
    found: int | None, floor: int | None, wanted: int | None, is_stale: bool
) -> None:
    answer = [] if found is None else [a_record(an_export("a"), found)]

    stale = stale_sources(answer, {A: a_note(A, floor)} if floor else {}, {A: wanted} if wanted else {})

    assert stale == ({A} if is_stale else set())


def test_a_tombstone_is_no_absence_and_staleness_is_told_by_source() -> None:
    answer = [a_record(Gap.UNEXPORTED, 5, cluster="a"), a_record(an_export("b"), 1)]

    assert stale_sources(answer, {A: a_note(A, 5), B: a_note(B, 2)}, {}) == {B}
