"""What is written into the registry, announced, and taken back."""

import pytest

from cloudmap_mcs.domain.model import Gap, Record
from cloudmap_mcs.domain.wellknown import Reason
from cloudmap_mcs.errors import (
    StaleError,
)
from cloudmap_mcs.plan.exporting import TOMBSTONE_MS
from cloudmap_mcs.ports import Change
from cloudmap_mcs.reconcile.exporting import Exported
from tests.builders import KEY, a_record, an_export
from tests.reconcile.exporting.rig import AGAIN_MS, FIRST, READY, SECOND, THROTTLED, VALID, A, Rig


def test_a_new_export_is_written_announced_and_said_to_be_ready(rig: Rig) -> None:
    rig.home.export(slices=FIRST)
    done = rig.reconcile()

    assert (done.action, done.announcement) == ("exported", Change(KEY, A, rig.clock.ms))
    assert rig.record() == Record(A, rig.clock.ms, an_export("a", slices=FIRST), owner="uid-a", service_id=f"srv-{KEY}")
    assert rig.ready() == (True, Reason.EXPORTED, "exported to the clusterset")
    assert [item.type for item in done.conditions] == [VALID, READY]


def test_a_change_is_one_write_and_leaves_the_conditions_alone(exported: Rig) -> None:
    exported.home.export(slices=SECOND)
    done = exported.reconcile()

    assert done.announcement == Change(KEY, A, exported.clock.ms)
    assert exported.troubles.calls == ["put", "put done"]


def test_nothing_changed_is_nothing_asked_written_or_announced(exported: Rig) -> None:
    assert exported.reconcile() == Exported(KEY)
    assert exported.troubles.calls == []


def test_an_unexport_is_a_tombstone_that_is_removed_after_a_quarter_of_an_hour(exported: Rig) -> None:
    exported.home.unexport()
    done = exported.reconcile()
    assert (done.action, done.look_again) == ("unexported", TOMBSTONE_MS / 1000)
    assert done.announcement == Change(KEY, A, exported.clock.ms)

    exported.clock.ms += TOMBSTONE_MS - 1_000
    assert exported.reconcile() == Exported(KEY, look_again=1.0)
    held = exported.record()
    assert held
    assert held.content is Gap.UNEXPORTED

    exported.clock.ms += 1_000
    assert exported.reconcile().action == "removed"
    assert exported.record() is None
    assert not exported.ledger.exported()
    assert exported.reconcile() == Exported(KEY)


def test_an_export_that_comes_back_writes_over_its_tombstone(exported: Rig) -> None:
    exported.home.unexport()
    exported.reconcile()
    exported.home.export(slices=FIRST)
    exported.reconcile()

    held = exported.record()
    assert held
    assert held.is_exporter
    assert held.generation == exported.clock.ms + 1


def test_generations_grow_over_a_restart_with_a_clock_that_went_back(exported: Rig) -> None:
    before = exported.record()
    assert before
    exported.restart()
    exported.clock.ms -= 3_600_000
    exported.home.export(slices=SECOND)
    done = exported.reconcile()

    assert done.announcement == Change(KEY, A, before.generation + 1)


def test_the_generation_that_is_announced_is_the_acknowledged_one(exported: Rig) -> None:
    exported.registry.write(KEY, A, a_record(an_export("a"), 2 * exported.clock.ms))
    exported.home.export(slices=SECOND)

    assert exported.reconcile().announcement == Change(KEY, A, 2 * exported.clock.ms + 1)


@pytest.mark.parametrize("left", [None, "changed"])
def test_an_audit_repairs_what_others_removed_or_changed_and_announces_it(exported: Rig, left: str | None) -> None:
    exported.registry.write(KEY, A, a_record(an_export("a", slices=SECOND), 5) if left else None)
    assert exported.reconcile().action == "unchanged"

    exported.ledger.doubt()
    done = exported.reconcile()

    assert (done.action, done.announcement) == ("exported", Change(KEY, A, exported.clock.ms))
    held = exported.record()
    assert held
    assert held.content == an_export("a", slices=FIRST)


def test_an_audit_that_finds_all_well_reads_once_and_says_nothing(exported: Rig) -> None:
    exported.ledger.doubt()

    assert exported.reconcile() == Exported(KEY)
    assert exported.troubles.calls == ["read"]


def test_an_export_deleted_while_no_watcher_ran_is_withdrawn_by_the_next(exported: Rig) -> None:
    exported.restart()
    exported.ledger.inherit([KEY])
    exported.home.unexport()

    assert exported.reconcile().action == "unexported"


@pytest.mark.parametrize(("age", "is_told"), [(AGAIN_MS - 1_000, True), (AGAIN_MS + 1_000, False)])
def test_a_start_announces_young_records_again_in_case_their_writer_died_before_it_could(
    exported: Rig, age: int, is_told: bool
) -> None:
    written = exported.record()
    assert written
    exported.restart()
    exported.clock.ms = written.generation + age

    assert exported.reconcile().announcement == (Change(KEY, A, written.generation) if is_told else None)
    assert exported.reconcile().announcement is None


def test_a_start_announces_young_tombstones_again(exported: Rig) -> None:
    exported.home.unexport()
    exported.reconcile()
    exported.restart()

    done = exported.reconcile()
    assert done.announcement == Change(KEY, A, exported.clock.ms)
    assert done.look_again == TOMBSTONE_MS / 1000


def test_going_back_after_a_write_that_failed_but_arrived_is_written(exported: Rig) -> None:
    exported.troubles.once["put done"] = THROTTLED
    exported.home.export(slices=SECOND)
    exported.fails()
    exported.home.export(slices=FIRST)
    done = exported.reconcile()

    held = exported.record()
    assert done.action == "exported"
    assert held
    assert held.content == an_export("a", slices=FIRST)


def test_an_unexport_after_a_first_write_that_failed_but_arrived_leaves_a_tombstone(rig: Rig) -> None:
    rig.home.export(slices=FIRST)
    rig.troubles.once["put done"] = THROTTLED
    rig.fails()
    rig.home.unexport()
    rig.reconcile()

    held = rig.record()
    assert held
    assert held.content is Gap.UNEXPORTED


def test_a_removal_that_meets_something_newer_looks_at_it(exported: Rig) -> None:
    exported.home.unexport()
    exported.reconcile()
    exported.registry.write(KEY, A, a_record(an_export("a"), exported.clock.ms + 1))
    exported.clock.ms += TOMBSTONE_MS
    assert isinstance(exported.fails(), StaleError)

    assert exported.reconcile().action == "unexported"
