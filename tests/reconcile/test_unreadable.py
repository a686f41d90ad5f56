"""Invariant 5: what cannot be read deletes nothing and stops nobody else."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from cloudmap_mcs.domain.model import ClusterId, Gap, Record
from cloudmap_mcs.errors import RetryableError
from cloudmap_mcs.reconcile.importing import Ask
from cloudmap_mcs.reconcile.outcome import Outcome, Skip
from cloudmap_mcs.reconcile.reading import Patience
from tests.builders import KEY, a_record, a_slice, an_export
from tests.rig import Rig

A, B = ClusterId("a"), ClusterId("b")


def offered(generation: int = 1, *addresses: str, cluster: str = "a", name: str = "s1") -> Record:
    return a_record(an_export(cluster, slices=[a_slice(*addresses, name=name)] if addresses else []), generation)


def test_a_newer_format_alone_is_skipped() -> None:
    rig = Rig()
    rig.register(a_record(Gap.INCOMPLETE, 1, cluster="a"))

    assert rig.reconcile(Ask({A: 1})) == Outcome(KEY, skip=Skip.UNKNOWN)
    assert not rig.writes


def test_missing_parts_are_come_back_to_and_leave_the_slices() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    rig.register(a_record(Gap.INCOMPLETE, 2, cluster="a", head=an_export("a")))

    outcome = rig.reconcile(Ask({A: 2}))

    assert outcome.retry
    assert [endpoint.address for endpoint in rig.slices[0].endpoints] == ["10.1.0.1"]


def _nothing(rig: Rig) -> None:
    del rig


def _malformed(rig: Rig) -> None:
    rig.registry.malformed = {A}


def _emptied(rig: Rig) -> None:
    rig.registry.history.clear()


def _partial(rig: Rig) -> None:
    del rig.registry.history[KEY, A]


def _incomplete(rig: Rig) -> None:
    rig.register(a_record(Gap.INCOMPLETE, 2, cluster="a"))


def _parts(rig: Rig) -> None:
    rig.register(a_record(Gap.INCOMPLETE, 2, cluster="a", head=an_export("a")))


@pytest.mark.parametrize("harm", [_nothing, _malformed, _emptied, _partial, _incomplete, _parts])
@pytest.mark.parametrize("wanted", [{}, {A: 2}], ids=["no-event", "event"])
def test_a_malformed_record_or_a_partial_answer_never_deletes_anything(
    harm: Callable[[Rig], None], wanted: dict[ClusterId, int]
) -> None:
    """Invariant 5."""
    rig = Rig().holding(offered(1, "10.1.0.1"), offered(1, "10.2.0.1", cluster="b"))
    harm(rig)

    rig.reconcile(Ask(wanted))

    assert rig.writes["delete"] == 0
    assert {item.source for item in rig.slices} == {A, B}


@pytest.mark.parametrize("patience", [Patience.DECIDE, Patience.RESYNC])
@pytest.mark.parametrize("harm", [_malformed, _incomplete, _parts])
def test_a_record_that_cannot_be_read_does_not_stop_the_other_clusters(
    harm: Callable[[Rig], None], patience: Patience
) -> None:
    """Invariant 5, with the control plane asked."""
    rig = Rig().holding(offered(1, "10.1.0.1"), offered(1, "10.2.0.1", cluster="b"))
    harm(rig)
    rig.register(offered(2, "10.2.0.2", cluster="b"))

    rig.reconcile(Ask({B: 2}, patience))

    addresses = {item.source: [endpoint.address for endpoint in item.endpoints] for item in rig.slices}
    assert addresses == {A: ["10.1.0.1"], B: ["10.2.0.2"]}
    assert rig.writes["delete"] == 0


@pytest.mark.parametrize("call", ["observe", "discover", "read"])
def test_a_side_that_cannot_be_reached_changes_nothing(call: str) -> None:
    """Invariant 5."""
    rig = Rig().holding(offered(1, "10.1.0.1"))
    before = rig.state
    rig.registry.history.clear()
    rig.then[f"{call} 1"] = _unreachable

    with pytest.raises(RetryableError):
        rig.reconcile(Ask(patience=Patience.RESYNC))

    assert rig.state == before


def _unreachable() -> None:
    raise RetryableError("throttled")


def test_a_malformed_record_of_a_known_source_does_not_make_others_wait() -> None:
    """Its data is there and cannot be read, so reading again would not help; its own objects stay as they are."""
    rig = Rig().holding(offered(1, "10.1.0.1"), offered(1, "10.2.0.1", cluster="b", name="s2"))
    rig.registry.malformed = {A}
    rig.register(offered(2, "10.2.0.9", cluster="b", name="s2"))

    outcome = rig.reconcile(Ask({B: 2}))

    assert not outcome.retry
    assert "sleep" not in rig.calls
    assert sorted(endpoint.address for item in rig.slices for endpoint in item.endpoints) == ["10.1.0.1", "10.2.0.9"]


@pytest.mark.parametrize("patience", Patience)
def test_what_a_cluster_that_left_had_exported_goes_at_once(patience: Patience) -> None:
    """It is no member any more: nobody waits for its record, and the control plane is not asked for it either."""
    rig = Rig().holding(offered(1, "10.1.0.1"), offered(1, "10.2.0.1", cluster="b", name="s2"))
    rig.importer = replace(rig.importer, members=frozenset([B]))
    del rig.registry.history[KEY, A]

    outcome = rig.reconcile(Ask(patience=patience))

    assert not outcome.retry
    assert not rig.registry.asked
    assert [item.source for item in rig.slices] == [B]
    assert [note.source for note in rig.imports[0].notes] == [B]
