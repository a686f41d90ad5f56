"""What one reconcile does, and when it looks again."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count

import pytest

from cloudmap_mcs.domain.imports import ImportedSlice, NamespaceState
from cloudmap_mcs.domain.model import ClusterId, Gap, Port, Protocol, Record, ServiceKey
from cloudmap_mcs.domain.wellknown import Reason
from cloudmap_mcs.errors import RetryableError
from cloudmap_mcs.ports import SetAside
from cloudmap_mcs.reconcile.importing import ATTEMPTS, Ask
from cloudmap_mcs.reconcile.outcome import Changed, Outcome, Skip, Verb
from cloudmap_mcs.reconcile.reading import Patience
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


def test_the_same_work_done_by_somebody_else_meanwhile_is_no_conflict() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    rig.register(gone(2))
    rig.then["delete 2"] = lambda: Rig.reconcile(rig)

    outcome = rig.importer.reconcile(KEY, Ask({A: 2}))

    assert (outcome.check, rig.state) == (True, {})


def test_an_export_that_goes_between_the_first_read_and_the_write_leaves_no_zombie() -> None:
    rig = Rig()
    rig.register(offered(1, "10.1.0.1"))
    rig.then["create 1"] = lambda: rig.register(gone(2))

    outcome = rig.reconcile(Ask({A: 1}))

    assert rig.state == {}
    assert (outcome.check, outcome.retry) == (True, False)


def test_a_slice_that_goes_between_the_first_read_and_the_write_leaves_no_zombie() -> None:
    """The import was there before, so nothing came or went: only the second look finds it."""
    rig = Rig().holding(offered(1))
    rig.register(offered(2, "10.1.0.1"))
    rig.then["create 1"] = lambda: rig.register(offered(3))

    outcome = rig.reconcile(Ask({A: 2}))

    assert rig.slices == []
    assert outcome.check


def test_a_change_after_the_read_is_followed_in_the_same_reconcile_and_checked_later() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    rig.register(offered(2, "10.1.0.2"))
    rig.then["replace 1"] = lambda: rig.register(offered(3, "10.1.0.3"))

    outcome = rig.reconcile(Ask({A: 2}))

    assert [endpoint.address for endpoint in rig.slices[0].endpoints] == ["10.1.0.3"]
    assert (rig.writes, outcome.check) == ({"replace": 2}, True)


def test_a_flap_noted_by_an_overtaking_pass_is_found_though_the_registry_still_lags() -> None:
    """A slice returned to what it was, so the overtaking pass wrote only its note: no 409 stops the first one."""
    rig = Rig().holding(offered(1, "10.1.0.1"))
    rig.register(offered(2, "10.1.0.2"))

    def overtake() -> None:
        rig.register(offered(3, "10.1.0.1"))
        rig.importer.reconcile(KEY, Ask({A: 3}))
        behind = count()
        rig.registry.lag = lambda: int(next(behind) < 1)

    rig.then["replace 1"] = overtake

    rig.reconcile(Ask({A: 2}))

    assert [endpoint.address for endpoint in rig.slices[0].endpoints] == ["10.1.0.1"]


def test_an_older_answer_after_the_write_does_not_cost_another_read() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    rig.register(offered(2, "10.1.0.2"))

    def fall_behind() -> None:
        rig.registry.lag = lambda: 1

    rig.then["replace 1"] = fall_behind

    outcome = rig.reconcile(Ask({A: 2}))

    assert (outcome.check, outcome.retry, rig.calls.count("discover")) == (False, False, 2)


def test_a_409_starts_again_from_the_observation_and_is_checked_later() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    rig.register(offered(2, "10.1.0.2"))
    rig.then["replace 1"] = lambda: _touch(rig)

    outcome = rig.reconcile(Ask({A: 2}))

    assert (rig.calls.count("observe"), outcome.check, outcome.retry) == (3, True, False)
    assert [endpoint.address for endpoint in rig.slices[0].endpoints] == ["10.1.0.2"]


def _touch(rig: Rig) -> None:
    """Write an object as it is: its version moves on."""
    (name,) = [name for name in rig.state if name[0] is ImportedSlice]
    seen = rig.state[name]
    rig.cluster.objects[name] = replace(seen, version=seen.version + "+")


def test_after_five_attempts_a_reconcile_gives_way_and_comes_back() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    rig.register(offered(2, "10.1.0.2"))
    for number in range(1, 10):
        rig.then[f"replace {number}"] = lambda: _touch(rig)

    outcome = rig.reconcile(Ask({A: 2}))

    assert (outcome.retry, outcome.check, outcome.changes) == (True, True, ())
    assert rig.calls.count("observe") == ATTEMPTS == 5


def test_a_registry_that_never_rests_does_not_hold_a_reconcile_for_ever() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    rig.register(offered(2, "10.1.0.2"))
    for number in range(1, 10):
        rig.then[f"replace {number}"] = partial(rig.register, offered(2 + number, f"10.1.1.{number}"))

    outcome = rig.reconcile(Ask({A: 2}))

    assert (outcome.retry, outcome.check, rig.writes["replace"]) == (True, True, 5)


def test_somebody_who_undoes_each_write_is_not_fought() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    (name,) = [name for name in rig.state if name[0] is ImportedSlice]
    before = rig.state[name]
    rig.register(offered(2, "10.1.0.2"))
    for number in range(2, 10):
        undone = {name: replace(before, version=f"undone-{number}")}
        rig.then[f"observe {number}"] = partial(rig.cluster.objects.update, undone)

    outcome = rig.reconcile(Ask({A: 2}))

    assert (rig.writes["replace"], outcome.retry, outcome.check) == (2, False, False)


@pytest.mark.parametrize("found", [(offered(4, "10.1.0.9"),), ()], ids=["older", "absent"])
def test_a_stale_registry_changes_nothing_and_is_come_back_to(found: tuple[Record, ...]) -> None:
    rig = Rig().holding(offered(5, "10.1.0.1"))
    before = rig.state
    rig.registry.history.clear()
    rig.register(*found)

    outcome = rig.reconcile()

    assert outcome == Outcome(KEY, retry=True)
    assert rig.state == before
    assert rig.calls.count("read") == 0


@pytest.mark.parametrize("patience", [Patience.DECIDE, Patience.RESYNC])
def test_the_control_plane_can_lower_a_generation(patience: Patience) -> None:
    rig = Rig().holding(offered(5, "10.1.0.1"))
    rig.registry.history.clear()
    rig.register(offered(4, "10.1.0.9"))

    outcome = rig.reconcile(Ask(patience=patience))

    assert not outcome.retry
    assert [endpoint.address for endpoint in rig.slices[0].endpoints] == ["10.1.0.9"]


@pytest.mark.parametrize("patience", [Patience.DECIDE, Patience.RESYNC])
def test_the_control_plane_can_say_that_a_record_is_gone(patience: Patience) -> None:
    rig = Rig().holding(offered(5, "10.1.0.1"), offered(5, "10.2.0.1", cluster="b"))
    del rig.registry.history[KEY, A]

    outcome = rig.reconcile(Ask(patience=patience))

    assert {item.source for item in rig.slices} == {B}
    assert [note.source for note in rig.imports[0].notes] == [B]
    assert outcome.check


def test_staleness_after_a_first_write_keeps_the_check() -> None:
    rig = Rig()
    rig.register(offered(1, "10.1.0.1"))
    rig.then["create 1"] = rig.registry.history.clear

    outcome = rig.reconcile(Ask({A: 1}))

    assert (outcome.retry, outcome.check) == (True, True)


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


def test_conflicts_and_what_was_set_aside_are_reported() -> None:
    rig = Rig()
    rig.registry.set_aside = (SetAside("i-1", "not ours"),)
    rig.register(offered(1), a_record(an_export("b", created=2_000, ports=(Port("x", Protocol.TCP, 1),))))

    outcome = rig.reconcile()

    assert outcome.conflicts == (Reason.PORT_CONFLICT,)
    assert outcome.set_aside == rig.registry.set_aside


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


def test_other_keys_are_not_touched() -> None:
    rig = Rig().holding(offered(1, "10.1.0.1"))
    other = ServiceKey("shop", "other")
    rig.registry.write(other, A, a_record(an_export("a", key=other), 1))
    rig.importer.reconcile(other, Ask({A: 1}))
    held = {name: seen for name, seen in rig.state.items() if name[1] == other}
    rig.register(gone(2))

    rig.reconcile(Ask({A: 2}))

    assert rig.state == held != {}
