import pytest

from cloudmap_mcs.domain.imports import OwnExport
from cloudmap_mcs.domain.model import ClusterId, Gap, Port, Protocol, Record
from cloudmap_mcs.reconcile.importing import Ask, Importer
from cloudmap_mcs.reconcile.outcome import Outcome
from cloudmap_mcs.reconcile.rehearsing import Rehearsal
from tests.builders import KEY, MEMBERS, a_record, a_slice, an_export
from tests.rig import OWN, Rig

A = ClusterId("a")
FIRST = a_record(an_export("a", slices=[a_slice("10.1.0.1")]), 1)
MINE = a_record(an_export(OWN, created=2_000, labels=(("app", "web"),)), 1)


def rehearsed(rig: Rig) -> Outcome:
    return Importer(OWN, Rehearsal(rig.cluster), rig.registry, rig.clock, MEMBERS).reconcile(KEY, Ask())


@pytest.mark.parametrize(
    "found",
    [
        pytest.param([a_record(an_export("a", slices=[a_slice("10.1.0.2")]), 2)], id="change"),
        pytest.param([a_record(an_export("a", ports=(Port("web", Protocol.TCP, 80),)), 2)], id="other-ports"),
        pytest.param([a_record(an_export("a", labels=(("app", "web"),)), 2)], id="other-labels"),
        pytest.param([a_record(Gap.UNEXPORTED, 2)], id="removal"),
        pytest.param([a_record(an_export("b", slices=[a_slice("10.2.0.1")]), 2), MINE], id="others"),
        pytest.param([], id="nothing"),
    ],
)
@pytest.mark.parametrize("is_new", [False, True], ids=["imported", "new"])
def test_a_rehearsal_says_once_what_would_be_done_and_does_nothing(found: list[Record], is_new: bool) -> None:
    rig = Rig()
    rig.cluster.own_exports[KEY] = OwnExport("uid-export", 1, None)
    rig.register(FIRST)
    if not is_new:
        rig.reconcile()
    rig.register(*found)
    before, exports = rig.state, dict(rig.cluster.own_exports)
    rig.calls.clear()

    planned = rehearsed(rig)

    assert not rig.writes
    assert (rig.state, rig.cluster.own_exports) == (before, exports)
    assert planned.changes == rig.reconcile().changes


def test_a_rehearsal_lists_keys_like_the_cluster() -> None:
    rig = Rig().holding(FIRST)
    rig.cluster.own_exports[KEY] = OwnExport("uid-export", 1, None)

    assert Rehearsal(rig.cluster).imports() == {KEY}
