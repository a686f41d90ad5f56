"""Specs against an implementation in memory: the right one passes, and each mistake is found."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conformance import test_conflicts as conflicts
from tests.conformance import test_dns as dns
from tests.conformance import test_endpointslices as endpointslices
from tests.conformance import test_imports as imports
from tests.conformance.objects import HELLO
from tests.conformance.observing import KUBERNETES, MANAGED_BY, SERVICE_NAME, SOURCE_CLUSTER
from tests.conformance.trial import Trial
from tests.conformance.verdicts import NonConformantError, UnmetError
from tests.conformance_parts.small_cluster import SmallCluster
from tests.conformance_parts.small_clusterset import SmallClusterset, pod_name

Check = Callable[[Trial], None]
Mistake = Callable[[SmallClusterset], None]


def _spec_16(trial: Trial) -> None:
    strict: Any = SimpleNamespace(getoption=lambda _: False)
    endpointslices.test_each_cluster_has_slices_of_the_import_until_the_unexport(trial, strict)


SPECS: dict[int, Check] = {
    1: imports.test_an_import_exists_exactly_as_long_as_a_cluster_exports,
    2: imports.test_only_exported_labels_and_annotations_reach_the_import,
    3: conflicts.test_the_oldest_exports_labels_and_annotations_win,
    10: conflicts.test_an_import_has_the_union_of_different_ports,
    11: conflicts.test_the_oldest_exports_port_number_wins,
    15: conflicts.test_the_oldest_exports_headlessness_wins,
    16: _spec_16,
    26: dns.test_each_pod_of_a_stateful_set_has_its_name,
    28: endpointslices.test_each_import_says_whether_there_are_slices,
}


def unmarked(number: int) -> Mistake:
    """One of the clusters does not learn of the conflict."""

    def spoil(clusterset: SmallClusterset) -> None:
        for export in clusterset.clusters[number].of("ServiceExport"):
            export["status"] = {"conditions": []}

    return spoil


def port_is(name: str, **fields: Any) -> Mistake:
    def spoil(clusterset: SmallClusterset) -> None:
        for one in clusterset.imports():
            for port in one["spec"]["ports"]:
                if port["name"] == name:
                    port.update(fields)

    return spoil


def without_the_last_port(clusterset: SmallClusterset) -> None:
    for one in clusterset.imports():
        one["spec"]["ports"] = one["spec"]["ports"][:2]


def with_a_port_more(clusterset: SmallClusterset) -> None:
    for one in clusterset.imports():
        one["spec"]["ports"].append({"name": "more", "protocol": "TCP", "port": 1})


def metadata_is(field: str, **values: str) -> Mistake:
    def spoil(clusterset: SmallClusterset) -> None:
        for one in clusterset.imports():
            one["metadata"][field] = {name.replace("_", "-"): value for name, value in values.items()}

    return spoil


def second_says_headless(clusterset: SmallClusterset) -> None:
    for one in clusterset.second.of("ServiceImport"):
        one["spec"]["type"] = "Headless"


def label_is(label: str, value: str) -> Mistake:
    """Each slice has another value of a label."""

    def spoil(clusterset: SmallClusterset) -> None:
        for one in clusterset.slices():
            one["metadata"]["labels"][label] = value

    return spoil


def source_is_wrong_everywhere_alike(clusterset: SmallClusterset) -> None:
    """Labels and DNS agree with each other, not with the cluster."""
    label_is(SOURCE_CLUSTER, "another")(clusterset)
    for cluster in clusterset.clusters:
        for name, found in list(cluster.names.items()):
            cluster.names[pod_name(name.partition(".")[0], "another")] = found


def endpoints_are_swapped(clusterset: SmallClusterset) -> None:
    for cluster in clusterset.clusters:
        cluster.names.update(dict(zip(cluster.names, reversed(list(cluster.names.values())), strict=True)))


def second_has_no(kind: str) -> Mistake:
    return lambda clusterset: clusterset.second.drop(kind)


def second_has_no_endpoints(clusterset: SmallClusterset) -> None:
    for one in clusterset.second.of("EndpointSlice"):
        one["endpoints"] = None


def no_import_without_an_own_export(clusterset: SmallClusterset) -> None:
    if clusterset.first not in clusterset.exporters:
        clusterset.first.drop("ServiceImport")


def keeps(kind: str) -> Mistake:
    """What was there once stays in the first cluster."""
    seen: dict[str, Any] = {}

    def spoil(clusterset: SmallClusterset) -> None:
        seen.update({one["metadata"]["name"]: one for one in clusterset.first.of(kind)})
        for one in seen.values():
            clusterset.first.put(one)

    return spoil


def second_says_nothing_of_slices(clusterset: SmallClusterset) -> None:
    for one in clusterset.second.of("ServiceImport"):
        del one["status"]


@pytest.mark.parametrize("number", SPECS)
def test_a_right_implementation_passes_spec(number: int) -> None:
    SPECS[number](SmallClusterset().trial())


MISTAKES = [
    pytest.param(1, no_import_without_an_own_export, "first after its own export is gone", id="1-a-gap"),
    pytest.param(1, keeps("ServiceImport"), "still in cluster first though no cluster exports", id="1-never-gone"),
    pytest.param(2, metadata_is("labels"), "exported labels are missing", id="2-no-labels"),
    pytest.param(
        2, metadata_is("annotations", dummy_annotation="true", dummy_svc="x"), "not exported", id="2-the-services-own"
    ),
    pytest.param(2, metadata_is("labels", dummy_label="true", dummy_svcexport="x"), "not exported", id="2-exports-own"),
    pytest.param(3, unmarked(0), "Conflict in cluster first is not set", id="3-the-first-does-not-learn"),
    pytest.param(3, unmarked(1), "Conflict in cluster second is not set", id="3-the-second-does-not-learn"),
    pytest.param(3, metadata_is("labels", dummy_label2="true"), "winner's labels are missing", id="3-the-newest-wins"),
    pytest.param(
        3, metadata_is("labels", dummy_label="true", dummy_label2="true"), "loser's labels are there", id="3-merged"
    ),
    pytest.param(
        3,
        metadata_is("annotations", dummy_annotation="true", dummy_annotation2="x"),
        "loser's annotations are there",
        id="3-merged-annotations",
    ),
    pytest.param(10, unmarked(0), "Conflict in cluster first is not set", id="10-the-first-does-not-learn"),
    pytest.param(10, unmarked(1), "Conflict in cluster second is not set", id="10-the-second-does-not-learn"),
    pytest.param(10, without_the_last_port, "ports of the ServiceImport", id="10-no-union"),
    pytest.param(10, with_a_port_more, "ports of the ServiceImport", id="10-more-than-the-union"),
    pytest.param(10, port_is("stcp", protocol="TCP"), "ports of the ServiceImport", id="10-as-many-other-protocol"),
    pytest.param(10, port_is("tcp", port=43), "ports of the ServiceImport", id="10-as-many-other-number"),
    pytest.param(10, port_is("udp", appProtocol="x"), "ports of the ServiceImport", id="10-other-app-protocol"),
    pytest.param(11, unmarked(1), "Conflict in cluster second is not set", id="11-the-second-does-not-learn"),
    pytest.param(11, port_is("tcp", port=43), "ports of the ServiceImport", id="11-the-newest-wins"),
    pytest.param(15, unmarked(1), "Conflict in cluster second is not set", id="15-the-second-does-not-learn"),
    pytest.param(15, second_says_headless, "cluster second has type Headless", id="15-each-its-own-type"),
    pytest.param(16, label_is(SOURCE_CLUSTER, "another"), "source-cluster=another, not id-of-first", id="16-source"),
    pytest.param(16, source_is_wrong_everywhere_alike, "source-cluster=another, not id-of-first", id="16-wrong-id"),
    pytest.param(16, label_is(SERVICE_NAME, "bye"), "service-name=bye", id="16-service"),
    pytest.param(16, label_is(MANAGED_BY, ""), "has no label", id="16-nobody-manages"),
    pytest.param(16, label_is(MANAGED_BY, KUBERNETES), "Kubernetes itself manages it", id="16-kubernetes-manages"),
    pytest.param(16, second_has_no("EndpointSlice"), "cluster second has no IPv4 EndpointSlice", id="16-only-in-one"),
    pytest.param(16, second_has_no_endpoints, "cluster second has no IPv4 EndpointSlice", id="16-nothing-in-it"),
    pytest.param(16, keeps("EndpointSlice"), f"EndpointSlice {HELLO}-first is still", id="16-never-gone"),
    pytest.param(26, source_is_wrong_everywhere_alike, "source-cluster=another, not id-of-first", id="26-wrong-id"),
    pytest.param(26, lambda all_: all_.second.names.clear(), "resolves to nothing in cluster second", id="26-no-names"),
    pytest.param(26, endpoints_are_swapped, "resolves to 10.201.0.6 .*, not to 10.201.0.5", id="26-the-other-pod"),
    pytest.param(28, second_says_nothing_of_slices, "endpointSliceObjects in cluster second is None", id="28-silent"),
]


@pytest.mark.parametrize(("number", "mistake", "told"), MISTAKES)
def test_a_mistake_is_found_by_spec(number: int, mistake: Mistake, told: str) -> None:
    with pytest.raises(NonConformantError, match=told):
        SPECS[number](SmallClusterset(mistake).trial())


@pytest.mark.parametrize("hold_back", ["hostname", "endpoints"])
def test_what_spec_26_rests_on_is_no_finding(hold_back: str) -> None:
    def spoil(clusterset: SmallClusterset) -> None:
        for one in clusterset.slices():
            if hold_back == "hostname":
                del one["endpoints"][0]["hostname"]
            else:
                one["endpoints"].pop()

    with pytest.raises(UnmetError) as unmet:
        SPECS[26](SmallClusterset(spoil).trial())
    assert not isinstance(unmet.value, NonConformantError)


def test_every_cluster_is_looked_at() -> None:
    """The mistakes above are made in the second cluster too; here everything is wrong in it alone."""

    def spoil(clusterset: SmallClusterset) -> None:
        empty: SmallCluster = clusterset.second
        empty.drop("ServiceImport")

    for number in (15, 16, 26, 28):
        with pytest.raises(UnmetError, match="cluster second"):
            SPECS[number](SmallClusterset(spoil).trial())
