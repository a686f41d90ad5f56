from dataclasses import dataclass, field, replace

import pytest

from cloudmap_mcs.domain.model import ClusterId, Gap, Record, ServiceKey
from cloudmap_mcs.domain.offers import ServiceKind
from cloudmap_mcs.domain.wellknown import ConditionType, Reason
from cloudmap_mcs.errors import (
    IdentityError,
    McsError,
    OversizeError,
    PermanentError,
    RetryableError,
    StaleError,
    UnreachableError,
)
from cloudmap_mcs.plan.exporting import TOMBSTONE_MS
from cloudmap_mcs.ports import Change, ExportingCluster, RegistryWriter
from cloudmap_mcs.reconcile.exporting import Exported, Exporter
from cloudmap_mcs.reconcile.ledger import Ledger
from tests.builders import KEY, a_record, a_slice, an_export
from tests.fakes.clock import FixedClock
from tests.fakes.home import InMemoryHome, a_service_seen
from tests.fakes.writing import Troubles, WritableRegistry

A = ClusterId("a")
READY, VALID = ConditionType.READY, ConditionType.VALID
AGAIN_MS = 600_000
FIRST, SECOND = [a_slice("10.0.0.1")], [a_slice("10.0.0.2")]
THROTTLED = RetryableError("too many calls")


@dataclass
class Rig:
    """One exporting cluster and its registry; `restart` forgets what a process would forget."""

    troubles: Troubles = field(default_factory=Troubles)
    clock: FixedClock = field(default_factory=FixedClock)

    def __post_init__(self) -> None:
        self.registry = WritableRegistry(before=self.troubles)
        self.home = InMemoryHome(before=self.troubles)
        self.restart()

    def restart(self) -> None:
        self.ledger = Ledger()
        home: ExportingCluster = self.home
        registry: RegistryWriter = self.registry
        self.exporter = Exporter(A, "uid-a", home, registry, self.clock, self.ledger, AGAIN_MS)

    def reconcile(self, key: ServiceKey = KEY) -> Exported:
        return self.exporter.reconcile(key)

    def fails(self, key: ServiceKey = KEY) -> McsError:
        with pytest.raises(McsError) as caught:
            self.reconcile(key)
        return caught.value

    def record(self, key: ServiceKey = KEY) -> Record | None:
        return next(iter(self.registry.truth(key)), None)

    def ready(self) -> tuple[bool | None, str, str]:
        found = self.home.condition(READY)
        assert found
        return found.status, found.reason, found.message


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def exported(rig: Rig) -> Rig:
    """A rig whose export is in the registry and announced."""
    rig.home.export(slices=FIRST)
    rig.reconcile()
    rig.clock.ms += 1_000
    rig.troubles.calls.clear()
    return rig


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


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(None, Reason.NO_SERVICE), (ServiceKind.EXTERNAL_NAME, Reason.INVALID_SERVICE_TYPE)],
)
def test_what_cannot_be_exported_says_why_and_what_to_do(rig: Rig, kind: ServiceKind | None, reason: Reason) -> None:
    rig.home.export()
    rig.home.offers[KEY] = replace(rig.home.offers[KEY], service=a_service_seen(KEY, kind) if kind else None)
    rig.reconcile()

    valid = rig.home.condition(VALID)
    assert valid
    assert (valid.status, valid.reason) == (False, reason)
    assert ("create it" if kind is None else "use ClusterIP") in valid.message
    assert rig.ready()[:2] == (False, Reason.PENDING)
    assert rig.troubles.count("put") == 0


def test_a_derived_service_is_not_exported_again(rig: Rig) -> None:
    rig.home.export()
    rig.home.offers[KEY] = replace(rig.home.offers[KEY], service=replace(a_service_seen(), is_derived=True))
    rig.reconcile()

    valid = rig.home.condition(VALID)
    assert valid
    assert (valid.status, valid.reason) == (False, Reason.INVALID_SERVICE_TYPE)
    assert rig.record() is None


def test_a_service_that_goes_and_comes_back_takes_its_export_along(exported: Rig) -> None:
    exported.home.delete_service()
    assert exported.reconcile().action == "unexported"
    assert exported.ready()[0] is False

    exported.home.export(slices=FIRST)
    assert exported.reconcile().action == "exported"
    assert exported.ready()[0] is True


def test_an_export_that_does_not_fit_fails_with_the_numbers(rig: Rig) -> None:
    rig.troubles.lasting["put"] = OversizeError("5,210 of at most 4,850 characters")
    rig.home.export()
    rig.fails()

    assert rig.ready() == (False, Reason.FAILED, "5,210 of at most 4,850 characters")


def test_a_failure_that_passes_by_itself_is_pending_until_the_first_write(rig: Rig) -> None:
    rig.troubles.once["put"] = THROTTLED
    rig.home.export()
    rig.fails()
    assert rig.ready() == (False, Reason.PENDING, "too many calls")

    rig.reconcile()
    assert rig.ready()[0] is True


@pytest.mark.parametrize("is_audited", [False, True])
@pytest.mark.parametrize("is_restarted", [False, True])
def test_an_outage_takes_nobodys_ready_away(exported: Rig, is_audited: bool, is_restarted: bool) -> None:
    if is_audited:
        exported.ledger.doubt()
    if is_restarted:
        exported.restart()
    exported.troubles.lasting = {"read": UnreachableError("gone"), "put": UnreachableError("gone")}
    exported.home.export(slices=SECOND)
    exported.fails()

    assert exported.ready()[0] is True


def test_what_is_found_to_be_gone_is_not_ready_while_the_repair_fails(exported: Rig) -> None:
    exported.registry.write(KEY, A, None)
    exported.ledger.doubt()
    exported.troubles.once["put"] = THROTTLED
    exported.fails()

    assert exported.ready() == (False, Reason.PENDING, "too many calls")


def test_a_failure_that_needs_a_person_takes_ready_away(exported: Rig) -> None:
    exported.troubles.lasting["put"] = PermanentError("AccessDenied")
    exported.home.export(slices=SECOND)
    exported.fails()

    assert exported.ready() == (False, Reason.FAILED, "AccessDenied")


def test_a_lost_identity_is_said_on_the_export(exported: Rig) -> None:
    exported.troubles.lasting["put"] = IdentityError("the id is taken")
    exported.home.export(slices=SECOND)

    assert isinstance(exported.fails(), IdentityError)
    assert exported.ready() == (False, Reason.FAILED, "the id is taken")


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


def test_conditions_that_cannot_be_written_do_not_hold_up_the_announcement(rig: Rig) -> None:
    rig.troubles.once["write_conditions"] = UnreachableError("the API server restarts")
    rig.home.export()
    done = rig.reconcile()

    assert done.announcement
    assert isinstance(done.unsaid, UnreachableError)
    assert rig.reconcile().unsaid is None
    assert rig.ready()[0] is True


def test_conditions_that_cannot_be_written_do_not_hide_what_went_wrong_first(rig: Rig) -> None:
    rig.troubles.once = {"put": THROTTLED, "write_conditions": PermanentError("forbidden")}
    rig.home.export()

    assert rig.fails() is THROTTLED


def test_a_recreated_service_export_is_not_mistaken_for_the_old_one(rig: Rig) -> None:
    rig.home.export(uid="old")
    rig.troubles.then = lambda name: rig.home.export(uid="new") if name == "put" else None
    done = rig.reconcile()

    assert done.unsaid is None
    assert rig.home.writes == []


def test_both_conditions_are_written_together_when_one_changes(exported: Rig) -> None:
    exported.troubles.lasting["put"] = PermanentError("AccessDenied")
    exported.home.export(slices=SECOND)
    before = exported.home.condition(VALID)
    exported.fails()

    assert exported.home.condition(VALID) == before
    _, written = exported.home.writes[-1]
    assert [item.type for item in written] == [VALID, READY]
    assert len(exported.home.writes) == 2


def many(rig: Rig, count: int) -> list[ServiceKey]:
    keys = [ServiceKey("shop", f"s{number:02}") for number in range(count)]
    for key in keys:
        rig.home.export(key)
        rig.reconcile(key)
    return keys


def test_many_exports_that_vanish_at_once_are_all_held_for_two_minutes_and_then_let_go(rig: Rig) -> None:
    keys = many(rig, 20)
    rig.home.keep_only(keys[12:])

    held = [rig.reconcile(key) for key in keys[:12]]
    assert {item.look_again for item in held} == {120.0}
    assert all(item.announcement is None and item.action.startswith("held back") for item in held)

    rig.clock.ms += 120_000
    assert {rig.reconcile(key).action for key in keys[:12]} == {"unexported"}


def test_exports_that_come_back_within_two_minutes_were_never_away(rig: Rig) -> None:
    keys = many(rig, 20)
    rig.home.keep_only([])
    for key in keys:
        rig.reconcile(key)
    rig.clock.ms += 60_000
    for key in keys:
        rig.home.export(key)

    assert {rig.reconcile(key).action for key in keys} == {"unchanged"}
    assert all(record and record.is_exporter for record in map(rig.record, keys))


def test_services_that_vanish_with_their_exports_left_are_held_too(rig: Rig) -> None:
    keys = many(rig, 20)
    for key in keys:
        rig.home.delete_service(key)

    assert rig.reconcile(keys[0]).look_again == 120.0


def test_a_start_on_an_empty_api_server_withdraws_nothing_at_first(rig: Rig) -> None:
    keys = many(rig, 20)
    rig.restart()
    rig.ledger.inherit(keys)
    rig.home.keep_only([])

    assert {rig.reconcile(key).look_again for key in keys} == {120.0}


def test_what_cannot_be_exported_says_so_even_while_the_registry_is_away(rig: Rig) -> None:
    rig.troubles.lasting["read"] = UnreachableError("gone")
    rig.home.export()
    rig.home.delete_service()
    rig.fails()

    assert rig.ready() == (False, Reason.PENDING, "waiting for an exportable Service")
