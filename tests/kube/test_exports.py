"""What a watcher keeps of raw objects."""

from typing import Any

import pytest

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.imports import NamespaceState
from cloudmap_mcs.domain.model import Affinity, Endpoint, Family, Port, Protocol, ServiceKey, Slice
from cloudmap_mcs.domain.offers import ExportSeen, ServiceKind, ServiceSeen
from cloudmap_mcs.domain.wellknown import ConditionType
from cloudmap_mcs.kube.exports import (
    PropertySeen,
    SliceSeen,
    export_seen,
    namespace_state,
    property_seen,
    service_seen,
    slice_seen,
)

KEY = ServiceKey("shop", "web")
NAMED = {"namespace": "shop", "name": "web"}
SINCE = "2026-01-02T03:04:05Z"


def a_service(**spec: Any) -> dict[str, Any]:
    return {"metadata": dict(NAMED), "spec": {"type": "ClusterIP", **spec}}


def a_raw_slice(*endpoints: dict[str, Any], labels: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    service = {"kubernetes.io/service-name": "web"} if labels is None else labels
    metadata = {"namespace": "shop", "name": "web-abc", "labels": service}
    return {"metadata": metadata, "addressType": "IPv4", "endpoints": list(endpoints), "ports": [], **fields}


def test_a_service_with_everything() -> None:
    raw = a_service(
        clusterIP="10.0.0.1",
        ipFamilies=["IPv6", "IPv4"],
        sessionAffinity="ClientIP",
        sessionAffinityConfig={"clientIP": {"timeoutSeconds": 60}},
        internalTrafficPolicy="Local",
        trafficDistribution="PreferClose",
        ports=[
            {"name": "http", "port": 80, "protocol": "TCP", "appProtocol": "http", "targetPort": "web"},
            {"port": 53, "protocol": "UDP"},
        ],
    )

    assert service_seen(raw) == ServiceSeen(
        KEY,
        ServiceKind.CLUSTER_IP,
        is_headless=False,
        ports=(Port("http", Protocol.TCP, 80, "http"), Port("", Protocol.UDP, 53)),
        families=(Family.IPV6, Family.IPV4),
        affinity=Affinity.CLIENT_IP,
        affinity_timeout=60,
        internal_traffic_policy="Local",
        traffic_distribution="PreferClose",
    )


@pytest.mark.parametrize(
    ("spec", "kind", "is_headless"),
    [
        pytest.param({"clusterIP": "None"}, ServiceKind.CLUSTER_IP, True, id="headless"),
        pytest.param({"type": "NodePort", "clusterIP": "10.0.0.1"}, ServiceKind.NODE_PORT, False, id="node-port"),
        pytest.param({"type": "LoadBalancer"}, ServiceKind.LOAD_BALANCER, False, id="load-balancer"),
        pytest.param({"type": "ExternalName", "externalName": "x"}, ServiceKind.EXTERNAL_NAME, False, id="external"),
    ],
)
def test_kinds_of_services(spec: dict[str, Any], kind: ServiceKind, is_headless: bool) -> None:
    seen = service_seen(a_service(**spec))

    assert (seen.kind, seen.is_headless, seen.is_derived) == (kind, is_headless, False)


def owned(version: str, kind: str) -> dict[str, Any]:
    others = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "x", "uid": "u"}
    return {"ownerReferences": [others, {"apiVersion": version, "kind": kind, "name": "web", "uid": "v"}]}


@pytest.mark.parametrize(
    ("metadata", "is_derived"),
    [
        pytest.param({"labels": {"app.kubernetes.io/managed-by": "cloudmap-mcs"}}, False, id="managed-by-us-only"),
        pytest.param({"labels": {"multicluster.kubernetes.io/service-name": "web"}}, True, id="by-its-label"),
        pytest.param(owned("multicluster.x-k8s.io/v1alpha1", "ServiceImport"), True, id="owned-by-an-import"),
        pytest.param(owned("multicluster.x-k8s.io/v1beta1", "ServiceExport"), False, id="owned-by-an-export"),
        pytest.param(owned("example.com/v1", "ServiceImport"), False, id="owned-by-anothers-kind-of-that-name"),
        pytest.param(owned("v1", "ServiceImport"), False, id="owned-by-a-kind-without-group"),
        pytest.param(owned("apps/v1", "Deployment"), False, id="owned-by-something-else"),
    ],
)
def test_derived_services_are_known_whoever_derived_them(metadata: dict[str, Any], is_derived: bool) -> None:
    raw = a_service()
    raw["metadata"] |= metadata

    assert service_seen(raw).is_derived is is_derived


def test_a_service_export_keeps_what_an_export_and_its_conditions_need() -> None:
    condition = {"type": "Valid", "status": "False", "reason": "NoService", "message": "m", "lastTransitionTime": SINCE}
    foreign = condition | {"type": "Their"}
    raw = {
        "metadata": {**NAMED, "uid": "u", "generation": 3, "creationTimestamp": SINCE, "labels": {"not": "exported"}},
        "spec": {"exportedLabels": {"b": "2", "a": "1"}, "exportedAnnotations": {"c": "3"}},
        "status": {"conditions": [foreign, condition | {"observedGeneration": 2}]},
    }

    assert export_seen(raw) == ExportSeen(
        KEY,
        "u",
        3,
        1_767_323_045,
        (("a", "1"), ("b", "2")),
        (("c", "3"),),
        (Condition(ConditionType.VALID, status=False, reason="NoService", message="m", observed_generation=2),),
    )


def test_a_service_export_without_spec_and_status_is_fine_and_one_being_deleted_is_none() -> None:
    raw = {"metadata": {**NAMED, "uid": "u", "creationTimestamp": SINCE}}

    seen = export_seen(raw)
    assert seen is not None
    assert (seen.generation, seen.labels, seen.conditions) == (0, (), ())
    assert export_seen({"metadata": raw["metadata"] | {"deletionTimestamp": SINCE}}) is None


ENDPOINTS: list[Any] = [
    pytest.param({}, Endpoint("10.1.0.1"), id="nothing-said-is-ready"),
    pytest.param({"conditions": {"ready": None}}, Endpoint("10.1.0.1"), id="null-is-ready"),
    pytest.param(
        {"conditions": {"ready": False}}, Endpoint("10.1.0.1", ready=False, serving=False), id="serving-follows-ready"
    ),
    pytest.param(
        {"conditions": {"ready": False, "serving": True, "terminating": True}},
        Endpoint("10.1.0.1", ready=False, serving=True, terminating=True),
        id="draining",
    ),
    pytest.param(
        {"hostname": "web-0", "nodeName": "n", "zone": "z", "targetRef": {"kind": "Pod"}},
        Endpoint("10.1.0.1", hostname="web-0", node="n", zone="z"),
        id="where-it-is",
    ),
    pytest.param({"addresses": ["10.1.0.1", "10.1.0.9"]}, Endpoint("10.1.0.1"), id="first-address-only"),
]


@pytest.mark.parametrize(("raw", "endpoint"), ENDPOINTS)
def test_endpoints_are_read_as_consumers_read_them(raw: dict[str, Any], endpoint: Endpoint) -> None:
    seen = slice_seen(a_raw_slice({"addresses": ["10.1.0.1"], **raw}))

    assert seen == SliceSeen(KEY, Slice.of("web-abc", Family.IPV4, (), (endpoint,)))


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(
            a_raw_slice(labels={"kubernetes.io/service-name": "web", "multicluster.kubernetes.io/source-cluster": "b"}),
            id="imported",
        ),
        pytest.param(a_raw_slice(addressType="FQDN"), id="names-instead-of-addresses"),
        pytest.param(a_raw_slice(labels={}), id="of-no-service"),
    ],
)
def test_slices_that_no_export_is_made_of_are_left_out(raw: dict[str, Any]) -> None:
    assert slice_seen(raw) is None


def test_a_slice_leaves_out_what_cannot_be_offered() -> None:
    ports = [{"name": "http", "port": 8080, "protocol": "TCP"}, {"name": "any", "port": None}]

    seen = slice_seen(a_raw_slice({"addresses": []}, ports=ports))

    assert seen is not None
    assert seen.slice == Slice.of("web-abc", Family.IPV4, (Port("http", Protocol.TCP, 8080),), ())
    empty = slice_seen(a_raw_slice() | {"endpoints": None, "ports": None})
    assert empty is not None
    assert empty.slice.endpoints == ()


def test_a_property_is_its_name_and_value() -> None:
    assert property_seen({"metadata": {"name": "n"}, "spec": {"value": "v"}}) == PropertySeen("n", "v")


@pytest.mark.parametrize("fields", [{}, {"spec": None}, {"spec": {}}])
def test_a_property_without_a_spec_says_nothing(fields: dict[str, Any]) -> None:
    assert property_seen({"metadata": {"name": "n"}, **fields}) is None


@pytest.mark.parametrize(
    ("metadata", "status", "state"),
    [
        pytest.param({}, {"phase": "Active"}, NamespaceState.PRESENT, id="active"),
        pytest.param({}, {"phase": "Terminating"}, NamespaceState.TERMINATING, id="terminating"),
        pytest.param({"deletionTimestamp": SINCE}, {}, NamespaceState.TERMINATING, id="deleted-this-moment"),
        pytest.param({}, None, NamespaceState.PRESENT, id="just-made"),
    ],
)
def test_a_namespace_is_there_or_going(metadata: dict[str, Any], status: Any, state: NamespaceState) -> None:
    assert namespace_state({"metadata": metadata, "status": status}) is state
