import re

import pytest

from cloudmap_mcs.domain import verdicts
from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.merge import Conflict
from cloudmap_mcs.domain.model import ClusterId
from cloudmap_mcs.domain.offers import NoExport
from cloudmap_mcs.domain.wellknown import ConditionType, Reason
from tests.builders import an_export

A, B, C = ClusterId("a"), ClusterId("b"), ClusterId("c")
API_REASON = re.compile(r"[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?")
"""The pattern of a condition's reason in the CRD."""


def test_all_conflicts_become_one_condition_that_names_winner_and_losers() -> None:
    conflicts = [
        Conflict(Reason.PORT_CONFLICT, "ports", "http 80/TCP", A, (B, C)),
        Conflict(Reason.TYPE_CONFLICT, "type", "Headless", A, (C,)),
        Conflict(Reason.PORT_CONFLICT, "more ports", "x", A, (B,)),
    ]

    condition = verdicts.conflict(conflicts, clusters=3, generation=7)

    assert (condition.type, condition.status, condition.observed_generation) == (ConditionType.CONFLICT, True, 7)
    assert condition.reason == "PortConflict,TypeConflict"
    assert condition.message.split("; ")[:2] == [
        "ports: http 80/TCP of the oldest export (cluster a) holds, 2 of 3 clusters disagree: b, c",
        "type: Headless of the oldest export (cluster a) holds, 1 of 3 clusters disagree: c",
    ]


def test_every_reason_at_once_fits_the_api() -> None:
    conflicts = [Conflict(reason, "x", "y", A, (B,)) for reason in Reason if reason.value.endswith("Conflict")]

    reason = verdicts.conflict(conflicts, clusters=2, generation=1).reason

    assert len(conflicts) == 9
    assert API_REASON.fullmatch(reason)
    assert len(reason) <= 1_024


def test_no_conflict_is_said_too() -> None:
    condition = verdicts.conflict((), clusters=2, generation=7)

    assert (condition.type, condition.status, condition.reason) == (ConditionType.CONFLICT, False, "NoConflicts")
    assert condition.observed_generation == 7


@pytest.mark.parametrize(("has_family", "reason"), [(True, "Ready"), (False, "IPFamilyNotSupported")])
def test_an_import_without_a_family_in_common_is_not_ready(has_family: bool, reason: str) -> None:
    condition = verdicts.import_ready(has_family=has_family)

    assert (condition.type, condition.status, condition.reason) == (ConditionType.READY, has_family, reason)


WHOLE = an_export("a")


@pytest.mark.parametrize(
    ("condition", "type_", "status", "reason"),
    [
        pytest.param(verdicts.valid(WHOLE, 4), ConditionType.VALID, True, "Valid", id="valid"),
        pytest.param(
            verdicts.valid(NoExport(Reason.INVALID_SERVICE_TYPE, "why"), 4),
            ConditionType.VALID,
            False,
            "InvalidServiceType",
            id="not-valid",
        ),
        pytest.param(verdicts.valid(NoExport(), 4), ConditionType.VALID, False, "NoService", id="nobody-asked"),
        pytest.param(verdicts.exported(WHOLE, 4), ConditionType.READY, True, "Exported", id="exported"),
        pytest.param(verdicts.exported(NoExport(), 4), ConditionType.READY, False, "Pending", id="waiting"),
        pytest.param(verdicts.not_exported(Reason.FAILED, "why", 4), ConditionType.READY, False, "Failed", id="failed"),
    ],
)
def test_an_export_says_whether_it_is_valid_and_ready(
    condition: Condition, type_: ConditionType, status: bool, reason: str
) -> None:
    """KEP-1645, "ServiceExport status"."""
    assert (condition.type, condition.status, condition.reason) == (type_, status, reason)
    assert condition.observed_generation == 4


def test_the_reason_of_a_refusal_is_passed_on_word_for_word() -> None:
    assert verdicts.valid(NoExport(Reason.NO_SERVICE, "create it"), 1).message == "create it"
    assert verdicts.not_exported(Reason.FAILED, "too large", 1).message == "too large"
