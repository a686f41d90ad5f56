"""The look at a cluster before EKS is asked to make anything: what it asks, what it refuses, and its ids."""

from typing import Any

import pytest

from cloudmap_mcs.domain.preflight import Kind, PreflightError
from cloudmap_mcs.errors import PermanentError
from lambdas.installer.looking import RESOURCE_TYPE, Look
from tests.lambdas.installer.requests import ARN, an_event
from tests.lambdas.installer.rig import Rig

LOOKED_AT = f"{ARN}/looked-at"


@pytest.fixture
def rig() -> Rig:
    return Rig()


def look(rig: Rig, kind: str = "Create", *, physical_id: str | None = None, **changes: Any) -> Look:
    attendance = rig.attendance(an_event(kind, physical_id=physical_id, resource_type=RESOURCE_TYPE, **changes))
    return Look(attendance.request, attendance.settings, attendance.open_door)


@pytest.mark.parametrize(("kind", "before"), [("Create", None), ("Update", LOOKED_AT), ("Update", "other/looked-at")])
def test_a_cluster_that_eks_says_nothing_against_is_approved_whatever_is_in_it(
    rig: Rig, kind: str, before: str | None
) -> None:
    rig.eks.addons.clear()  # without an agent that EKS knows of: one may have been installed without EKS

    answer = look(rig, kind, physical_id=before).attend()

    assert (answer.is_success, answer.physical_id) == (True, LOOKED_AT)
    assert rig.api.calls == []


@pytest.mark.parametrize(("kind", "before"), [("Create", None), ("Update", LOOKED_AT)])
def test_all_that_eks_says_against_a_cluster_is_told_at_once(rig: Rig, kind: str, before: str | None) -> None:
    rig.eks.described = {"version": "1.21", "accessConfig": {"authenticationMode": "CONFIG_MAP"}}

    looking = look(rig, kind, physical_id=before)
    with pytest.raises(PreflightError) as refused:
        looking.attend()

    assert looking.physical_id == LOOKED_AT
    assert [finding.kind for finding in refused.value.findings] == [Kind.AUTHENTICATION, Kind.KUBERNETES]
    assert rig.api.calls == []


def test_an_update_that_is_refused_keeps_the_id_that_there_is(rig: Rig) -> None:
    rig.eks.described["version"] = "1.21"
    looking = look(rig, "Update", physical_id="other/looked-at")

    with pytest.raises(PreflightError):
        looking.attend()

    assert looking.physical_id == "other/looked-at"


def test_a_role_that_is_seconds_old_is_given_a_minute_to_be_let_in(rig: Rig) -> None:
    rig.eks.refusals = ["AccessDeniedException"]

    def allow(_: str) -> None:
        if rig.clock.ms > 1_700_000_000_000 + 50_000:
            rig.eks.refusals = []

    rig.clock.before = allow

    assert look(rig).attend().is_success


def test_bad_properties_are_told(rig: Rig) -> None:
    with pytest.raises(PermanentError, match="Eks is missing"):
        look(rig, Eks=None).attend()


def test_a_delete_does_nothing_whatever_the_properties_are(rig: Rig) -> None:
    answer = look(rig, "Delete", physical_id=LOOKED_AT, Eks=None).attend()

    assert (answer.is_success, answer.physical_id, rig.opened) == (True, LOOKED_AT, 0)
