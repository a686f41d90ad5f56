"""When a reconcile looks again, at once or later, and why that is needed."""

from dataclasses import replace
from functools import partial
from itertools import count

import pytest

from cloudmap_mcs.domain.imports import DerivedService, ImportedSlice
from cloudmap_mcs.domain.model import ClusterId, Gap, Record
from cloudmap_mcs.errors import StaleError
from cloudmap_mcs.reconcile.importing import ATTEMPTS, Ask
from cloudmap_mcs.reconcile.outcome import Outcome
from cloudmap_mcs.reconcile.reading import Patience
from tests.builders import KEY, a_record, a_slice, an_export
from tests.rig import Rig

A, B = ClusterId("a"), ClusterId("b")


def offered(generation: int = 1, *addresses: str, cluster: str = "a", name: str = "s1") -> Record:
    return a_record(an_export(cluster, slices=[a_slice(*addresses, name=name)] if addresses else []), generation)


def gone(generation: int, cluster: str = "a") -> Record:
    return a_record(Gap.UNEXPORTED, generation, cluster=cluster)


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


def test_what_was_written_before_a_conflict_is_told_and_so_is_what_stood_in_the_way() -> None:
    rig = Rig()
    rig.register(offered(1, "10.1.0.1"))

    def refuse(name: str) -> None:
        if name == "create" and rig.cluster.of_kind(DerivedService, KEY):
            raise StaleError("EndpointSlice web-a is there already")

    rig.cluster.before = refuse

    outcome = rig.reconcile()

    assert [change.kind for change in outcome.changes] == ["Service"]
    assert outcome.unsettled == "EndpointSlice web-a is there already"
    assert outcome.retry


def test_a_key_that_settles_in_the_end_has_nothing_to_complain_of() -> None:
    rig = Rig()
    rig.register(offered(1, "10.1.0.1"))
    rig.then["create 1"] = _stale

    outcome = rig.reconcile()

    assert (outcome.unsettled, outcome.retry, outcome.check) == ("", False, True)


def _stale() -> None:
    raise StaleError("somebody was faster")
