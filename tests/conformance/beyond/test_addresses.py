"""The clusterset IP stays for the life of the import, whatever happens to what is behind it."""

from functools import partial
from typing import Any, Final

import pytest

from tests.conformance.asking import Family
from tests.conformance.beyond.cases import (
    answered_soon,
    case,
    everywhere,
    families_given,
    order_request_pods,
    soon,
    steadily,
    when_pods_run,
)
from tests.conformance.beyond.connecting import reaches
from tests.conformance.beyond.seen import conflict, families, has, ips, pod_addresses, points, slices, the_import
from tests.conformance.beyond.workloads import answering_deployment, by_hand, endpoints_by_hand, export, service
from tests.conformance.clusters import Cluster
from tests.conformance.objects import HELLO, Manifest, Offer
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand
from tests.conformance.waiting import OLDER_SECONDS

DERIVED: Final = "multicluster.kubernetes.io/derived-service"
_SLICE: Final = "by-hand"
_ADDRESSES: Final[dict[Family, str]] = {"IPv4": "192.0.2.1", "IPv6": "2001:db8::1"}


@case("clustersetip")
def test_the_clusterset_ip_stays_without_endpoints_and_when_an_exporter_leaves(trial: Trial) -> None:
    pair = trial.first, trial.second
    for cluster in pair:
        _offer_by_hand(trial, cluster)
    ids = {cluster.cluster_id() for cluster in pair}
    before = soon(trial, lambda: _addresses_with(trial, ids, endpoints=True))

    for cluster in pair:
        cluster.delete("EndpointSlice", _SLICE, trial.namespace)
    after = soon(trial, lambda: _addresses_with(trial, ids, endpoints=False))
    demand(after == before, f"the clusterset IPs were {before}, and {after} without endpoints")

    trial.unexport(trial.first)
    soon(trial, lambda: _addresses_with(trial, ids - {trial.first.cluster_id()}, endpoints=False))
    steadily(trial, lambda: _are(trial, before))


@case("clustersetip")
def test_a_derived_service_deleted_by_hand_comes_back_with_its_address(trial: Trial) -> None:
    """Delete it in every cluster, then change an endpoint as an ordinary scale would."""
    _offer_by_hand(trial, trial.first)
    before = soon(trial, lambda: _addresses_with(trial, {trial.first.cluster_id()}, endpoints=True))
    derived = {cluster: _derived(trial, cluster) for cluster in trial.clusters}
    for cluster, name in derived.items():
        cluster.delete("Service", name, trial.namespace)

    change: Manifest = {"endpoints": []}
    trial.first.patch("EndpointSlice", _SLICE, trial.namespace, change)

    everywhere(trial, lambda cluster: _has_service(trial, cluster, derived[cluster]))
    _are(trial, before)


@case("service-types")
def test_a_service_may_become_headless_and_get_a_clusterset_ip_again(trial: Trial) -> None:
    trial.offer(trial.first, Offer(service(), answering_deployment(), export()))
    order_request_pods(trial, trial.clusters)()
    pods = when_pods_run(trial, partial(pod_addresses, trial, trial.first))
    everywhere(trial, lambda cluster: ips(trial, cluster))

    _exchange(trial, service(clusterIP="None"))
    everywhere(trial, lambda cluster: _is_headless(trial, cluster))

    _exchange(trial, service())
    everywhere(trial, lambda cluster: _is_clustersetip(trial, cluster))
    for cluster in trial.clusters:
        for family in families(trial, cluster):
            answered_soon(trial, partial(reaches, trial, cluster, family, pods))


@case("headlessness")
def test_the_type_follows_the_oldest_export_that_is_left(trial: Trial) -> None:
    """Here the import itself changes its kind, while it is there without a break. KEP-1645 would let it stay."""
    first, second = trial.first, trial.second
    _offer_by_hand(trial, first)
    everywhere(trial, lambda cluster: ips(trial, cluster))
    trial.waiting.sleep(OLDER_SECONDS)
    _offer_by_hand(trial, second, clusterIP="None")
    everywhere(trial, lambda cluster: conflict(trial, cluster, status="True"), (first, second))
    before = [_uid(trial, cluster) for cluster in trial.clusters]

    trial.unexport(first)
    everywhere(trial, lambda cluster: _is_headless(trial, cluster))
    everywhere(trial, lambda cluster: conflict(trial, cluster, status="False"), (second,))

    trial.waiting.sleep(OLDER_SECONDS)
    trial.export(first)
    everywhere(trial, lambda cluster: conflict(trial, cluster, status="True"), (first, second))
    trial.unexport(second)
    everywhere(trial, lambda cluster: _is_clustersetip(trial, cluster))
    after = [_uid(trial, cluster) for cluster in trial.clusters]
    demand(after == before, "a ServiceImport was deleted and made again")


def _offer_by_hand(trial: Trial, cluster: Cluster, **spec: Any) -> None:
    family = families_given(trial, cluster)[0]
    endpoints = endpoints_by_hand(_SLICE, family, [{"addresses": [_ADDRESSES[family]]}])
    for made in (by_hand(**spec), endpoints, export()):
        cluster.create(made, trial.namespace)


def _addresses_with(trial: Trial, ids: set[str], *, endpoints: bool) -> dict[str, list[str]]:
    """Give each cluster's clusterset IPs; an UnmetError unless these clusters export, with endpoints or without."""
    for cluster in trial.clusters:
        named = {one["cluster"] for one in the_import(trial, cluster).get("status", {}).get("clusters", [])}
        demand(named == ids, f"status.clusters in cluster {cluster.name} is {sorted(named)}, not {sorted(ids)}")
        there = len(points(slices(trial, cluster)))
        demand(bool(there) == endpoints, f"cluster {cluster.name} has {there} endpoints")
    return {cluster.name: ips(trial, cluster) for cluster in trial.clusters}


def _are(trial: Trial, before: dict[str, list[str]]) -> None:
    now = {cluster.name: ips(trial, cluster) for cluster in trial.clusters}
    demand(now == before, f"the clusterset IPs were {before} and are {now}")


def _derived(trial: Trial, cluster: Cluster) -> str:
    name: str = the_import(trial, cluster)["metadata"].get("annotations", {}).get(DERIVED, "")
    if not name:
        pytest.skip(f"takes an implementation that names its derived Service in {DERIVED}")
    return name


def _has_service(trial: Trial, cluster: Cluster, name: str) -> None:
    found: Manifest = cluster.find("Service", name, trial.namespace) or {}
    there, wanted = found.get("spec", {}).get("clusterIPs"), ips(trial, cluster)
    demand(there == wanted, f"the derived Service in cluster {cluster.name} has {there}, the import {wanted}")


def _exchange(trial: Trial, made: Manifest) -> None:
    """Put another Service in place of the one that is there: a cluster IP cannot be taken from a Service."""
    trial.first.delete("Service", HELLO, trial.namespace)
    trial.first.create(made, trial.namespace)


def _uid(trial: Trial, cluster: Cluster) -> str:
    found: str = the_import(trial, cluster)["metadata"]["uid"]
    return found


def _is_headless(trial: Trial, cluster: Cluster) -> None:
    has(trial, cluster, {"type": "Headless"})
    left = the_import(trial, cluster)["spec"].get("ips", [])
    demand(not left, f"the headless ServiceImport in cluster {cluster.name} has the addresses {left}")


def _is_clustersetip(trial: Trial, cluster: Cluster) -> None:
    has(trial, cluster, {"type": "ClusterSetIP"})
    ips(trial, cluster)
