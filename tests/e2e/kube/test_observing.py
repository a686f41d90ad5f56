"""What an importer sees of a cluster, and what the cluster refuses."""

from dataclasses import replace

import pytest

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.imports import (
    ImportStatus,
    NamespaceState,
)
from cloudmap_mcs.domain.model import ClusterId, Family, Port, Protocol, ServiceKey, ServiceType
from cloudmap_mcs.domain.wellknown import ConditionType, Reason
from cloudmap_mcs.errors import AddressTakenError, InvalidError, StaleError
from cloudmap_mcs.kube.cluster import KubeCluster
from sandbox.controlplane.client import KubeClient as Bystander
from tests.e2e.kube.lab import (
    MCS,
    a_derived_service,
    an_export_in,
    an_import,
    an_imported_slice,
    imports,
    services,
)
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

READY = Condition(ConditionType.READY, status=True, reason=Reason.READY, message="", observed_generation=1)


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


def test_a_namespace_that_is_missing_or_going_is_observed_and_refuses_writes_as_stale(
    cluster: KubeCluster, bystander: Bystander, key: ServiceKey
) -> None:
    held = {"metadata": {"name": "held", "finalizers": ["their.example/f"]}}
    bystander.create(f"/api/v1/namespaces/{key.namespace}/configmaps", held)
    bystander.delete(f"/api/v1/namespaces/{key.namespace}")
    missing = ServiceKey("not-there", "web")

    assert cluster.observe(missing).namespace is NamespaceState.MISSING
    eventually("the namespace ends", lambda: cluster.observe(key).namespace is NamespaceState.TERMINATING)
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
