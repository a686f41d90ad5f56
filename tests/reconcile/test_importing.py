"""What one reconcile of one key does."""

import pytest

from cloudmap_mcs.domain.imports import NamespaceState
from cloudmap_mcs.domain.model import ClusterId, Gap, Port, Protocol, Record, ServiceKey
from cloudmap_mcs.domain.wellknown import Reason
from cloudmap_mcs.ports import SetAside
from cloudmap_mcs.reconcile.importing import Ask
from cloudmap_mcs.reconcile.outcome import Changed, Outcome, Skip, Verb
from tests.builders import KEY, a_record, a_slice, an_export
from tests.rig import Rig

A, B = ClusterId("a"), ClusterId("b")


def offered(generation: int = 1, *addresses: str, cluster: str = "a", name: str = "s1") -> Record:
    return a_record(an_export(cluster, slices=[a_slice(*addresses, name=name)] if addresses else []), generation)


def gone(generation: int, cluster: str = "a") -> Record:
    return a_record(Gap.UNEXPORTED, generation, cluster=cluster)


def kinds(outcome: Outcome) -> list[tuple[str, str]]:
    return [(change.verb.value, change.kind) for change in outcome.changes]


def test_a_first_export_comes_make_before_break_and_is_checked_later() -> None:
    rig = Rig()
    rig.register(offered(1, "10.1.0.1"))

    outcome = rig.reconcile(Ask({A: 1}))

    assert kinds(outcome) == [
        ("created", "Service"),
        ("created", "EndpointSlice"),
        ("created", "ServiceImport"),
        ("updated", "ServiceImport/status"),
    ]
    assert (outcome.check, outcome.retry, outcome.skip, outcome.unchanged) == (True, False, None, 0)


def test_a_one_endpoint_change_is_one_write_two_discoveries_and_no_check() -> None:
    """Invariant 7."""
    rig = Rig().holding(offered(1, "10.1.0.1"))
    rig.register(offered(2, "10.1.0.1", "10.1.0.2"))

    outcome = rig.reconcile(Ask({A: 2}))

    assert outcome.changes == (Changed(Verb.UPDATED, "EndpointSlice", rig.slices[0].name),)
    assert (outcome.unchanged, outcome.check, outcome.retry) == (2, False, False)
    assert rig.writes == {"replace": 1}
    assert rig.calls.count("discover") == 2


def test_nothing_new_is_one_look_at_each_side() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))

    outcome = rig.reconcile()

    assert outcome == Outcome(KEY, unchanged=3)
    assert rig.calls == ["observe", "discover"]


def test_an_unexport_goes_from_the_import_to_the_service_and_is_checked_later() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    rig.register(gone(2))

    outcome = rig.reconcile(Ask({A: 2}))

    assert kinds(outcome) == [("deleted", "ServiceImport"), ("deleted", "EndpointSlice"), ("deleted", "Service")]
    assert (outcome.check, rig.state) == (True, {})


def test_one_slice_less_is_checked_later_too() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    rig.register(offered(2))

    assert rig.reconcile(Ask({A: 2})).check


@pytest.mark.parametrize(
    ("state", "skip"),
    [
        (NamespaceState.MISSING, Skip.NAMESPACE_MISSING),
        (NamespaceState.TERMINATING, Skip.NAMESPACE_TERMINATING),
    ],
)
def test_without_its_namespace_a_key_is_left_alone(state: NamespaceState, skip: Skip) -> None:
    rig = Rig()
    rig.register(offered(1, "10.1.0.1"))
    rig.cluster.namespaces["shop"] = state

    assert rig.reconcile(Ask({A: 1})) == Outcome(KEY, skip=skip)
    assert rig.calls == ["observe"]


def test_a_namespace_that_goes_while_we_write_ends_the_reconcile_with_a_check() -> None:
    rig = Rig()
    rig.register(offered(1, "10.1.0.1"))
    rig.then["write_status 1"] = lambda: rig.cluster.namespaces.update(shop=NamespaceState.TERMINATING)

    outcome = rig.reconcile(Ask({A: 1}))

    assert (outcome.skip, outcome.check, len(outcome.changes)) == (Skip.NAMESPACE_TERMINATING, True, 4)


def test_a_namespace_that_goes_before_we_write_is_no_problem() -> None:
    """An API server refuses new objects in it; what was observed a moment ago no longer holds."""
    rig = Rig()
    rig.register(offered(1, "10.1.0.1"))
    rig.then["create 1"] = lambda: rig.cluster.namespaces.update(shop=NamespaceState.TERMINATING)

    assert rig.reconcile(Ask({A: 1})) == Outcome(KEY, skip=Skip.NAMESPACE_TERMINATING, check=True)


def test_a_foreign_import_is_left_alone() -> None:
    rig = Rig()
    rig.register(offered(1, "10.1.0.1"))
    rig.cluster.foreign.add(KEY)

    assert rig.reconcile(Ask({A: 1})) == Outcome(KEY, skip=Skip.FOREIGN_IMPORT)
    assert not rig.writes


def test_a_removal_is_held_back_where_the_brake_says_so() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    before = rig.state
    rig.register(gone(2))

    assert rig.reconcile(Ask(may_remove=False)) == Outcome(KEY, skip=Skip.HELD_BACK)
    assert rig.state == before


@pytest.mark.parametrize("generation", [2, 3])
def test_the_brake_holds_back_nothing_but_removals(generation: int) -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    rig.register(offered(generation, "10.1.0.2"))

    outcome = rig.reconcile(Ask(may_remove=False))

    assert (outcome.skip, rig.writes) == (None, {"replace": 1})


def test_leftovers_without_an_import_are_cleared_even_under_the_brake() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    seen = rig.observed.service_import
    assert seen is not None
    rig.cluster.delete(seen)
    rig.register(gone(2))

    assert rig.reconcile(Ask(may_remove=False)).skip is None
    assert rig.state == {}


def test_conflicts_and_what_was_set_aside_are_reported() -> None:
    rig = Rig()
    rig.registry.set_aside = (SetAside("i-1", "not ours"),)
    rig.register(offered(1), a_record(an_export("b", created=2_000, ports=(Port("x", Protocol.TCP, 1),))))

    outcome = rig.reconcile()

    assert outcome.conflicts == (Reason.PORT_CONFLICT,)
    assert outcome.set_aside == rig.registry.set_aside


def test_other_keys_are_not_touched() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    other = ServiceKey("shop", "other")
    rig.registry.write(other, A, a_record(an_export("a", key=other), 1))
    rig.importer.reconcile(other, Ask({A: 1}))
    held = {name: seen for name, seen in rig.state.items() if name[1] == other}
    rig.register(gone(2))

    rig.reconcile(Ask({A: 2}))

    assert rig.state == held != {}
