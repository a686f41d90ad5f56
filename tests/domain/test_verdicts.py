import re
from typing import Any

import pytest

from cloudmap_mcs.domain import verdicts
from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.imports import ServiceImport, Traffic
from cloudmap_mcs.domain.merge import Conflict, Loser
from cloudmap_mcs.domain.model import ClusterId, Family, Pairs, ServiceType
from cloudmap_mcs.domain.offers import NoExport
from cloudmap_mcs.domain.wellknown import ConditionType, Reason
from tests.builders import KEY, an_export

A, B, C = ClusterId("a"), ClusterId("b"), ClusterId("c")
API_REASON = re.compile(r"[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?")
"""The pattern of a condition's reason in the CRD."""


def test_all_conflicts_become_one_condition_that_names_winner_and_losers() -> None:
    conflicts = [
        Conflict(Reason.PORT_CONFLICT, "ports", "http 80/TCP", A, (Loser(B, "http 81/TCP"), Loser(C, "none"))),
        Conflict(Reason.TYPE_CONFLICT, "type", "Headless", A, (Loser(C, "ClusterSetIP"),)),
        Conflict(Reason.PORT_CONFLICT, "more ports", "x", A, (Loser(B, "y"),)),
    ]

    condition = verdicts.conflict(conflicts, clusters=3, generation=7)

    assert (condition.type, condition.status, condition.observed_generation) == (ConditionType.CONFLICT, True, 7)
    assert condition.reason == "PortConflict,TypeConflict"
    holds = "of the oldest export (cluster a) holds"
    assert condition.message.split("; ")[:2] == [
        f"ports: http 80/TCP {holds}, 2 of 3 clusters disagree: b (http 81/TCP), c (none)",
        f"type: Headless {holds}, 1 of 3 clusters disagree: c (ClusterSetIP)",
    ]


def test_every_reason_at_once_fits_the_api() -> None:
    conflicts = [
        Conflict(reason, "x", "y", A, (Loser(B, "z"),)) for reason in Reason if reason.value.endswith("Conflict")
    ]

    reason = verdicts.conflict(conflicts, clusters=2, generation=1).reason

    assert len(conflicts) == 9
    assert API_REASON.fullmatch(reason)
    assert len(reason) <= 1_024


def test_no_conflict_is_said_too() -> None:
    condition = verdicts.conflict((), clusters=2, generation=7)

    assert (condition.type, condition.status, condition.reason) == (ConditionType.CONFLICT, False, "NoConflicts")
    assert condition.observed_generation == 7


def an_import(**fields: Any) -> ServiceImport:
    defaults: dict[str, Any] = {"type": ServiceType.CLUSTER_SET_IP, "families": (Family.IPV6,)}
    return ServiceImport(KEY, ports=(), ips=(), **(defaults | fields))


LOCAL = Traffic(internal_policy="Local")
IMPORTS: list[Any] = [
    pytest.param(an_import(), True, "Ready", "imported", id="ready"),
    pytest.param(
        an_import(), False, "IPFamilyNotSupported", "this cluster gives Services no IPv6 address", id="family"
    ),
    pytest.param(
        an_import(traffic=LOCAL), True, "Ready", "imported; its internalTrafficPolicy is Local", id="local-is-surfaced"
    ),
    pytest.param(
        an_import(traffic=LOCAL, type=ServiceType.HEADLESS), True, "Ready", "imported", id="headless-has-no-policy"
    ),
]


@pytest.mark.parametrize(("service", "has_family", "reason", "message"), IMPORTS)
def test_an_import_says_whether_it_can_be_used(
    service: ServiceImport, has_family: bool, reason: str, message: str
) -> None:
    condition = verdicts.import_ready(service, has_family=has_family, generation=9)

    assert (condition.type, condition.status, condition.reason) == (ConditionType.READY, has_family, reason)
    assert condition.observed_generation == 9
    assert condition.message.startswith(message)
    assert ("Local" in condition.message) is ("Local" in message)


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


@pytest.mark.parametrize(
    ("labels", "annotations", "told"),
    [
        pytest.param((("team", "web"),), (("note", "any text"),), "the Service can be exported", id="all-fit"),
        pytest.param(
            (("a b", "v"), ("team", "-v"), ("z", "v")),
            (("cloudmap-mcs/x", "y"),),
            "the Service can be exported; Kubernetes refuses or reserves, so no ServiceImport gets: "
            "label a b, label team, annotation cloudmap-mcs/x",
            id="some-do-not",
        ),
    ],
)
def test_an_export_says_which_of_its_labels_and_annotations_nobody_gets(
    labels: Pairs, annotations: Pairs, told: str
) -> None:
    condition = verdicts.valid(an_export(labels=labels, annotations=annotations), 1)

    assert (condition.status, condition.reason, condition.message) == (True, "Valid", told)
