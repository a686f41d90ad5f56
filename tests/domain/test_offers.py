from dataclasses import replace

import pytest

from cloudmap_mcs.domain.model import Affinity, ClusterId, Export, Family, ServiceType
from cloudmap_mcs.domain.offers import ExportSeen, NoExport, ServiceKind, ServiceSeen, offer
from cloudmap_mcs.domain.wellknown import Reason
from tests.builders import HTTP, KEY, a_slice

A = ClusterId("a")
ASKED = ExportSeen(KEY, "uid", 1, 1_000, (("l", "1"),), (("a", "2"),))
SERVICE = ServiceSeen(
    KEY,
    ServiceKind.CLUSTER_IP,
    is_headless=False,
    ports=(HTTP,),
    families=(Family.IPV6, Family.IPV4),
    affinity=Affinity.CLIENT_IP,
    affinity_timeout=60,
    internal_traffic_policy="Local",
    traffic_distribution="PreferClose",
)


def test_nobody_asked_for_an_export() -> None:
    assert offer(A, None, SERVICE, ()) == NoExport(None, "")


@pytest.mark.parametrize(
    ("service", "reason", "words"),
    [
        pytest.param(None, Reason.NO_SERVICE, "no Service web in namespace shop", id="no-service"),
        pytest.param(
            replace(SERVICE, kind=ServiceKind.EXTERNAL_NAME),
            Reason.INVALID_SERVICE_TYPE,
            "ExternalName cannot be exported",
            id="external-name",
        ),
        pytest.param(
            replace(SERVICE, is_derived=True),
            Reason.INVALID_SERVICE_TYPE,
            "derived from a ServiceImport",
            id="derived",
        ),
    ],
)
def test_what_cannot_be_exported_has_a_reason(service: ServiceSeen | None, reason: Reason, words: str) -> None:
    """KEP-1645, "Exporting Services"."""
    answer = offer(A, ASKED, service, [a_slice("10.0.0.1")])

    assert isinstance(answer, NoExport)
    assert answer.reason is reason
    assert words in answer.message


@pytest.mark.parametrize("kind", [ServiceKind.CLUSTER_IP, ServiceKind.NODE_PORT, ServiceKind.LOAD_BALANCER])
@pytest.mark.parametrize(
    ("is_headless", "type_"),
    [(False, ServiceType.CLUSTER_SET_IP), (True, ServiceType.HEADLESS)],
    ids=["vip", "headless"],
)
def test_every_other_service_is_exported_by_its_being_headless(
    kind: ServiceKind, is_headless: bool, type_: ServiceType
) -> None:
    """KEP-1645, "Service Types"."""
    answer = offer(A, ASKED, replace(SERVICE, kind=kind, is_headless=is_headless), ())

    assert isinstance(answer, Export)
    assert answer.type is type_


def test_an_export_carries_all_that_importers_need() -> None:
    later, earlier = a_slice("10.0.0.1", name="z"), a_slice("10.0.0.2", name="b")

    assert offer(A, ASKED, SERVICE, [later, earlier]) == Export(
        key=KEY,
        cluster=A,
        created=1_000,
        type=ServiceType.CLUSTER_SET_IP,
        ports=(HTTP,),
        families=(Family.IPV6, Family.IPV4),
        affinity=Affinity.CLIENT_IP,
        affinity_timeout=60,
        internal_traffic_policy="Local",
        traffic_distribution="PreferClose",
        labels=(("l", "1"),),
        annotations=(("a", "2"),),
        slices=(earlier, later),
    )
