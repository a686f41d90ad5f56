"""What we write is what we read, on a real API server with its defaults; nothing resurrects, nothing is left behind."""

from dataclasses import replace
from typing import Any

import pytest

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.imports import (
    DerivedService,
    Hints,
    ImportStatus,
    NamespaceState,
    ServiceImport,
    Traffic,
)
from cloudmap_mcs.domain.model import Affinity, ClusterId, Family, Port, Protocol, ServiceKey, ServiceType
from cloudmap_mcs.domain.wellknown import ConditionType, Reason
from cloudmap_mcs.errors import AddressTakenError, InvalidError, StaleError
from cloudmap_mcs.kube.cluster import KubeCluster
from sandbox.controlplane.client import ApiRefusedError
from sandbox.controlplane.client import KubeClient as Bystander
from tests.e2e.kube.lab import MCS, a_derived_service, an_export_in, an_import, an_imported_slice, eventually

pytestmark = pytest.mark.e2e

STICKY = Traffic(Affinity.CLIENT_IP, None, "Local", "PreferClose")
BOTH = frozenset(Family)
READY = Condition(ConditionType.READY, status=True, reason=Reason.READY, message="", observed_generation=1)


@pytest.fixture
def key(namespace: str) -> ServiceKey:
    return ServiceKey(namespace, "web")


def services(key: ServiceKey) -> str:
    return f"/api/v1/namespaces/{key.namespace}/services"


def slices(key: ServiceKey) -> str:
    return f"/apis/discovery.k8s.io/v1/namespaces/{key.namespace}/endpointslices"


def imports(key: ServiceKey) -> str:
    return f"{MCS}/namespaces/{key.namespace}/serviceimports"


DERIVED: list[Any] = [
    pytest.param({}, id="plain"),
    pytest.param({"traffic": STICKY}, id="sticky-and-local"),
    pytest.param({"traffic": Traffic(Affinity.CLIENT_IP, 5, None, "PreferSameNode")}, id="own-timeout"),
    pytest.param({"traffic": Traffic(distribution="FromTheFuture")}, id="distribution-unknown-here"),
    pytest.param({"type": ServiceType.HEADLESS}, id="headless"),
    pytest.param({"type": ServiceType.HEADLESS, "asks": frozenset({Family.IPV6})}, id="headless-v6"),
    pytest.param({"type": ServiceType.HEADLESS, "asks": BOTH}, id="headless-both"),
    pytest.param({"asks": BOTH}, id="both-families-on-a-single-stack-cluster"),
    pytest.param({"ports": (Port("", Protocol.TCP, 80),)}, id="unnamed-port"),
    pytest.param({"ports": (), "type": ServiceType.HEADLESS}, id="headless-without-ports"),
]


@pytest.mark.parametrize("fields", DERIVED)
@pytest.mark.parametrize("before", [None, {"ports": (Port("old", Protocol.TCP, 9),)}], ids=["post", "put"])
def test_a_derived_service_is_read_as_it_was_written(
    cluster: KubeCluster, key: ServiceKey, fields: dict[str, Any], before: dict[str, Any] | None
) -> None:
    value = a_derived_service(key, **fields)
    if before is None:
        written = cluster.create(value)
    else:
        written = cluster.replace(cluster.create(replace(value, **before)), value)

    assert written.value == value
    assert cluster.observe(key).derived == written
    assert bool(written.value.ips) is (value.type is ServiceType.CLUSTER_SET_IP)


IMPORTS: list[Any] = [
    pytest.param({}, id="plain"),
    pytest.param({"traffic": STICKY}, id="sticky-and-local"),
    pytest.param({"type": ServiceType.HEADLESS, "ips": (), "families": ()}, id="headless"),
    pytest.param({"ports": ()}, id="no-ports"),
    pytest.param({"labels": (("bad key", "v"), ("team", "v v"), ("x/y", ""))}, id="labels-kubernetes-refuses"),
    pytest.param({"labels": (("app.kubernetes.io/managed-by", "Helm"),)}, id="our-own-mark-exported"),
    pytest.param({"annotations": (("a b", "v"), ("fine", "any\ntext ü"))}, id="annotations-kubernetes-refuses"),
]


@pytest.mark.parametrize("fields", IMPORTS)
@pytest.mark.parametrize("is_put", [False, True], ids=["post", "put"])
def test_a_service_import_is_read_as_it_was_written(
    cluster: KubeCluster, key: ServiceKey, fields: dict[str, Any], *, is_put: bool
) -> None:
    value = an_import(key, **fields)

    written = cluster.replace(cluster.create(an_import(key)), value) if is_put else cluster.create(value)

    assert written.value == value
    assert written.value.notes == value.notes
    assert cluster.observe(key).service_import == written


SLICES: list[Any] = [
    pytest.param({}, id="plain"),
    pytest.param({"hints": Hints.ZONE}, id="zone-hints"),
    pytest.param({"hints": Hints.NODE}, id="node-hints"),
    pytest.param({"hints": Hints.NODE, "endpoints": ()}, id="node-hints-without-endpoints"),
    pytest.param({"endpoints": (), "ports": ()}, id="empty"),
    pytest.param({"ports": (Port("", Protocol.SCTP, 9),)}, id="unnamed-port"),
]


@pytest.mark.parametrize("fields", SLICES)
@pytest.mark.parametrize("is_put", [False, True], ids=["post", "put"])
def test_an_imported_slice_is_read_as_it_was_written(
    cluster: KubeCluster, key: ServiceKey, fields: dict[str, Any], *, is_put: bool
) -> None:
    value = an_imported_slice(key, **fields)

    written = cluster.replace(cluster.create(an_imported_slice(key)), value) if is_put else cluster.create(value)

    assert written.value == value
    assert (written.value.generation, written.value.service_id) == (7, "srv-1")
    assert cluster.observe(key).slices == (written,)


ANY: list[Any] = [
    pytest.param(a_derived_service, services, id="derived-service"),
    pytest.param(an_import, imports, id="service-import"),
    pytest.param(an_imported_slice, slices, id="imported-slice"),
]


@pytest.mark.parametrize(("make", "collection"), ANY)
def test_a_write_to_an_object_that_was_deleted_does_not_resurrect_it(
    cluster: KubeCluster, bystander: Bystander, key: ServiceKey, make: Any, collection: Any
) -> None:
    seen = cluster.create(make(key))
    name = seen.raw["metadata"]["name"]
    bystander.delete(f"{collection(key)}/{name}")

    with pytest.raises(StaleError):
        cluster.replace(seen, replace(seen.value, ports=()))

    with pytest.raises(ApiRefusedError, match="not found"):
        bystander.get(f"{collection(key)}/{name}")
    cluster.delete(seen)


@pytest.mark.parametrize(("make", "collection"), ANY)
def test_an_object_made_anew_under_the_same_name_is_neither_changed_nor_deleted(
    cluster: KubeCluster, bystander: Bystander, key: ServiceKey, make: Any, collection: Any
) -> None:
    seen = cluster.create(make(key))
    bystander.delete(f"{collection(key)}/{seen.raw['metadata']['name']}")
    anew = cluster.create(make(key))

    with pytest.raises(StaleError):
        cluster.replace(seen, seen.value)
    with pytest.raises(StaleError):
        cluster.delete(seen)

    assert anew.uid == bystander.get(f"{collection(key)}/{seen.raw['metadata']['name']}")["metadata"]["uid"]


def test_removed_ports_labels_and_settings_really_go(
    cluster: KubeCluster, bystander: Bystander, key: ServiceKey
) -> None:
    service = cluster.create(a_derived_service(key, traffic=STICKY))
    its_import = cluster.create(an_import(key, traffic=STICKY))
    one = (Port("http", Protocol.TCP, 80),)

    cluster.replace(service, a_derived_service(key, ports=one))
    cluster.replace(its_import, an_import(key, ports=one, labels=(), annotations=()))

    spec = bystander.get(f"{services(key)}/{service.value.name}")["spec"]
    assert [port["port"] for port in spec["ports"]] == [80]
    assert "appProtocol" not in spec["ports"][0]
    assert not {"sessionAffinityConfig", "trafficDistribution"} & spec.keys()
    assert spec["clusterIP"] == service.value.ips[0]
    found = bystander.get(f"{imports(key)}/web")
    assert "team" not in found["metadata"]["labels"]
    assert "note" not in found["metadata"]["annotations"]
    assert not {"sessionAffinityConfig", "trafficDistribution"} & found["spec"].keys()


def test_what_other_people_add_to_our_import_stays_and_does_not_count(
    cluster: KubeCluster, bystander: Bystander, key: ServiceKey
) -> None:
    cluster.create(an_import(key))
    others = {"labels": {"theirs": "x"}, "annotations": {"their": "y"}, "finalizers": ["their.example/f"]}
    bystander.patch(f"{imports(key)}/web", {"metadata": others})

    seen = cluster.observe(key).service_import
    assert seen is not None
    assert seen.value == an_import(key)
    cluster.replace(seen, an_import(key, labels=(("team", "other"),)))

    metadata = bystander.get(f"{imports(key)}/web")["metadata"]
    assert (metadata["labels"]["theirs"], metadata["labels"]["team"]) == ("x", "other")
    assert (metadata["annotations"]["their"], metadata["finalizers"]) == ("y", ["their.example/f"])
    bystander.patch(f"{imports(key)}/web", {"metadata": {"finalizers": None}})


DAMAGES: list[Any] = [
    pytest.param((a_derived_service, services), {"spec": {"selector": {"app": "x"}}}, id="service-selector"),
    pytest.param((a_derived_service, services), {"spec": {"type": "NodePort"}}, id="service-type"),
    pytest.param((a_derived_service, services), {"spec": {"sessionAffinity": "ClientIP"}}, id="service-affinity"),
    pytest.param((an_import, imports), {"spec": {"ips": ["10.0.0.1"]}}, id="import-ips"),
    pytest.param((an_import, imports), {"metadata": {"labels": {"team": None}}}, id="import-label"),
    pytest.param(
        (an_import, imports),
        {"metadata": {"annotations": {"multicluster.kubernetes.io/derived-service": "x"}}},
        id="import-derived-service",
    ),
    pytest.param(
        (an_import, imports),
        {"metadata": {"annotations": {"cloudmap-mcs/exported": "[]"}}},
        id="import-memory",
    ),
    pytest.param(
        (an_imported_slice, slices), {"metadata": {"labels": {"kubernetes.io/service-name": "x"}}}, id="slice-service"
    ),
    pytest.param((an_imported_slice, slices), {"endpoints": []}, id="slice-endpoints"),
    pytest.param(
        (an_imported_slice, slices), {"metadata": {"annotations": {"cloudmap-mcs/hints": "zone"}}}, id="slice-hints"
    ),
]


@pytest.mark.parametrize(("kind", "damage"), DAMAGES)
def test_damage_to_a_field_of_ours_is_seen_and_one_write_repairs_it(
    cluster: KubeCluster, bystander: Bystander, key: ServiceKey, kind: tuple[Any, Any], damage: dict[str, Any]
) -> None:
    make, collection = kind
    value = make(key)
    name = cluster.create(value).raw["metadata"]["name"]
    bystander.patch(f"{collection(key)}/{name}", damage)
    observed = cluster.observe(key)
    found = {DerivedService: observed.derived, ServiceImport: observed.service_import}.get(
        type(value), next(iter(observed.slices), None)
    )
    assert found is not None
    assert found.value != value

    assert cluster.replace(found, value).value == value


def test_a_wanted_address_is_given_and_one_that_is_taken_is_told_apart(
    cluster: KubeCluster, bystander: Bystander, key: ServiceKey
) -> None:
    seen = cluster.create(a_derived_service(key, ips=("10.101.222.1",)))
    other = ServiceKey(key.namespace, "other")

    assert seen.value.ips == ("10.101.222.1",)
    for address in ("10.101.222.1", "10.99.0.1"):
        with pytest.raises(AddressTakenError):
            cluster.create(a_derived_service(other, ips=(address,)))
    bystander.delete(f"{services(key)}/{seen.value.name}")
    assert cluster.create(a_derived_service(other, ips=("10.101.222.1",))).value.ips == ("10.101.222.1",)


def test_families_the_cluster_has_not_are_told_apart_from_other_invalid_objects(
    cluster: KubeCluster, key: ServiceKey
) -> None:
    with pytest.raises(InvalidError) as refused:
        cluster.create(a_derived_service(key, asks=frozenset({Family.IPV6})))
    assert refused.value.families

    with pytest.raises(InvalidError) as refused:
        cluster.create(a_derived_service(key, ports=(Port("Not A Name", Protocol.TCP, 80),)))
    assert not refused.value.families


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(ServiceType.CLUSTER_SET_IP, ServiceType.HEADLESS, id="to-headless"),
        pytest.param(ServiceType.HEADLESS, ServiceType.CLUSTER_SET_IP, id="from-headless"),
    ],
)
def test_a_type_cannot_be_changed_in_place_without_being_told(
    cluster: KubeCluster, key: ServiceKey, before: ServiceType, after: ServiceType
) -> None:
    seen = cluster.create(a_derived_service(key, type=before))

    with pytest.raises(InvalidError) as refused:
        cluster.replace(seen, a_derived_service(key, type=after))

    assert not refused.value.families


def test_status_is_written_beside_the_spec_and_foreign_conditions_stay(
    cluster: KubeCluster, bystander: Bystander, key: ServiceKey
) -> None:
    seen = cluster.create(an_import(key))
    since = "2026-01-02T03:04:05Z"
    foreign = {"type": "Their", "status": "True", "reason": "R", "message": "", "lastTransitionTime": since}
    bystander.patch(f"{imports(key)}/web/status", {"status": {"conditions": [foreign]}})
    status = ImportStatus((ClusterId("b"), ClusterId("a")), replace(READY, since=since))

    with pytest.raises(StaleError):
        cluster.write_status(seen, status)
    again = cluster.observe(key).service_import
    assert again is not None
    cluster.write_status(again, status)

    observed = cluster.observe(key)
    assert observed.status == status
    assert observed.service_import is not None
    assert observed.service_import.value == an_import(key)
    written = bystander.get(f"{imports(key)}/web")["status"]
    assert {item["type"] for item in written["conditions"]} == {"Their", "Ready"}
    assert written["endpointSliceObjects"] == "Present"


def test_foreign_objects_are_not_observed_as_ours(cluster: KubeCluster, bystander: Bystander, key: ServiceKey) -> None:
    body = {"apiVersion": "multicluster.x-k8s.io/v1beta1", "kind": "ServiceImport", "metadata": {"name": "web"}}
    bystander.create(imports(key), body | {"spec": {"type": "ClusterSetIP", "ports": []}})

    observed = cluster.observe(key)

    assert observed.service_import is None
    assert observed.is_foreign
    assert key not in cluster.imports()


def test_a_derived_service_of_another_implementation_makes_the_import_foreign(
    cluster: KubeCluster, bystander: Bystander, key: ServiceKey
) -> None:
    cluster.create(an_import(key))
    theirs = {"metadata": {"name": a_derived_service(key).name}, "spec": {"ports": [{"port": 80}]}}
    bystander.create(services(key), theirs)

    observed = cluster.observe(key)

    assert observed.derived is None
    assert observed.is_foreign


def test_every_kind_of_ours_makes_its_key_an_import(cluster: KubeCluster, bystander: Bystander, namespace: str) -> None:
    cluster.create(an_import(ServiceKey(namespace, "web-0")))
    cluster.create(a_derived_service(ServiceKey(namespace, "web-1")))
    cluster.create(an_imported_slice(ServiceKey(namespace, "web-2")))
    bystander.create(f"{MCS}/namespaces/{namespace}/serviceexports", an_export_in(namespace, "own"))

    keys = {key.name for key in cluster.imports() if key.namespace == namespace}

    assert keys == {"web-0", "web-1", "web-2"}
    assert ServiceKey(namespace, "own") in cluster.exports()


def test_a_namespace_that_is_missing_or_going_is_observed_and_refuses_writes_as_stale(
    cluster: KubeCluster, bystander: Bystander, key: ServiceKey
) -> None:
    held = {"metadata": {"name": "held", "finalizers": ["their.example/f"]}}
    bystander.create(f"/api/v1/namespaces/{key.namespace}/configmaps", held)
    bystander.delete(f"/api/v1/namespaces/{key.namespace}")
    missing = ServiceKey("not-there", "web")

    assert cluster.observe(missing).namespace is NamespaceState.MISSING
    eventually(lambda: cluster.observe(key).namespace is NamespaceState.TERMINATING, "the namespace does not end")
    for one in (key, missing):
        with pytest.raises(StaleError):
            cluster.create(an_import(one))

    path = f"/api/v1/namespaces/{key.namespace}/configmaps/held"
    bystander.patch(path, {"metadata": {"finalizers": None}})


def test_an_empty_namespace_is_observed_as_empty(cluster: KubeCluster, key: ServiceKey) -> None:
    observed = cluster.observe(key)

    assert observed.namespace is NamespaceState.PRESENT
    assert (observed.service_import, observed.derived, observed.slices, observed.export) == (None, None, (), None)
    assert not observed.is_foreign
