"""What we write is what we read, on a real API server with its defaults; nothing resurrects, nothing is left behind."""

from dataclasses import replace
from typing import Any

import pytest

from cloudmap_mcs.domain.imports import (
    DerivedService,
    Hints,
    ServiceImport,
    Traffic,
)
from cloudmap_mcs.domain.model import Affinity, Family, Port, Protocol, ServiceKey, ServiceType
from cloudmap_mcs.errors import StaleError
from cloudmap_mcs.kube.cluster import KubeCluster
from sandbox.controlplane.client import ApiRefusedError
from sandbox.controlplane.client import KubeClient as Bystander
from tests.e2e.kube.lab import (
    a_derived_service,
    an_import,
    an_imported_slice,
    imports,
    services,
    slices,
)

pytestmark = pytest.mark.e2e

STICKY = Traffic(Affinity.CLIENT_IP, None, "Local", "PreferClose")
BOTH = frozenset(Family)


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
    pytest.param({"labels": (("x/y", ""), ("z", "v" * 63))}, id="unusual-labels"),
    pytest.param({"annotations": (("fine", "any\ntext ü"),)}, id="any-text-in-annotations"),
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
    pytest.param(
        (a_derived_service, services), {"spec": {"ipFamilyPolicy": "PreferDualStack"}}, id="service-family-policy"
    ),
    pytest.param((an_import, imports), {"spec": {"ips": ["10.0.0.1"]}}, id="import-ips"),
    pytest.param((an_import, imports), {"spec": {"ipFamilies": ["foo"]}}, id="import-families"),
    pytest.param((an_import, imports), {"spec": {"sessionAffinity": "sticky"}}, id="import-affinity"),
    pytest.param((an_import, imports), {"spec": {"ports": [{"port": 80, "protocol": "HTTP"}]}}, id="import-protocol"),
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
    pytest.param(
        (an_imported_slice, slices), {"metadata": {"annotations": {"cloudmap-mcs/hints": "x"}}}, id="slice-no-hints"
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
