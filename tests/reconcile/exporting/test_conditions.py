"""What a ServiceExport says of itself."""

from dataclasses import replace

import pytest

from cloudmap_mcs.domain.offers import ServiceKind
from cloudmap_mcs.domain.wellknown import Reason
from cloudmap_mcs.errors import (
    IdentityError,
    OversizeError,
    PermanentError,
    UnreachableError,
)
from tests.builders import KEY
from tests.fakes.home import a_service_seen
from tests.reconcile.exporting.rig import FIRST, READY, SECOND, THROTTLED, VALID, A, Rig


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


def test_what_cannot_be_exported_says_so_even_while_the_registry_is_away(rig: Rig) -> None:
    rig.troubles.lasting["read"] = UnreachableError("gone")
    rig.home.export()
    rig.home.delete_service()
    rig.fails()

    assert rig.ready() == (False, Reason.PENDING, "waiting for an exportable Service")
