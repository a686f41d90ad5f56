"""Clients stay on their node or in their zone while it has an endpoint (Service trafficDistribution).

The second cluster's pod goes and comes back, and a cluster in a third zone reaches both pods.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

import pytest

from tests.conformance.beyond.cases import (
    answered_soon,
    case,
    everywhere,
    order_request_pods,
    when_pods_run,
    zone_name,
    zones_of,
)
from tests.conformance.beyond.connecting import reaches
from tests.conformance.beyond.seen import families, pod_addresses, sources
from tests.conformance.beyond.workloads import answering_deployment, export, service
from tests.conformance.clusters import ApiError, Cluster
from tests.conformance.objects import HELLO
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand

SERVICES: Final = {"same-node": "PreferSameNode", "same-zone": "PreferSameZone", "close": "PreferClose"}
_INVALID: Final = 422


@case("clusterset-service-behavior-expectations")
def test_traffic_stays_in_its_zone_while_there_is_an_endpoint(trial: Trial) -> None:
    pair = trial.first, trial.second
    _need_one_zone_each(pair)
    for cluster in pair:
        _offer(trial, cluster)
    elsewhere = [cluster for cluster in trial.clusters[2:] if not zones_of(cluster) & _zones(pair)]
    order_request_pods(trial, (*pair, *elsewhere))()
    pods = {cluster: when_pods_run(trial, partial(pod_addresses, trial, cluster)) for cluster in pair}
    everywhere(trial, lambda cluster: _comes_from(trial, cluster, pair), pair)
    both = pods[trial.first] | pods[trial.second]
    _answers_come_from(trial, {**pods, **dict.fromkeys(elsewhere, both)})

    _scale(trial, trial.second, 0)
    _answers_come_from(trial, dict.fromkeys(pair, pods[trial.first]))

    _scale(trial, trial.second, 1)
    pods[trial.second] = when_pods_run(trial, partial(pod_addresses, trial, trial.second))
    _answers_come_from(trial, pods)


def _need_one_zone_each(pair: tuple[Cluster, Cluster]) -> None:
    zones = [zones_of(cluster) for cluster in pair]
    if any(len(found) != 1 for found in zones) or zones[0] == zones[1]:
        pytest.skip(f"takes two clusters with one zone each, not the same; given are {[sorted(one) for one in zones]}")


def _zones(clusters: Iterable[Cluster]) -> frozenset[str]:
    return frozenset[str]().union(*(zones_of(cluster) for cluster in clusters))


def _offer(trial: Trial, cluster: Cluster) -> None:
    cluster.create(answering_deployment(), trial.namespace)
    for name, distribution in SERVICES.items():
        try:
            cluster.create(service(name, trafficDistribution=distribution), trial.namespace)
        except ApiError as error:
            if error.status == _INVALID:
                pytest.skip(f"cluster {cluster.name} ({cluster.version()}) knows no trafficDistribution {distribution}")
            raise
        cluster.create(export(name), trial.namespace)


def _comes_from(trial: Trial, cluster: Cluster, pair: tuple[Cluster, Cluster]) -> None:
    """Wait for both clusters' endpoints: a cluster alone would keep to itself without any hint."""
    wanted = frozenset(one.cluster_id() for one in pair)
    for name in SERVICES:
        for family in families(trial, cluster, name):
            found = sources(trial, cluster, family, name)
            demand(found == wanted, f"{family} endpoints of {name} in cluster {cluster.name} come from {sorted(found)}")


def _answers_come_from(trial: Trial, expected: Mapping[Cluster, frozenset[str]]) -> None:
    """Demand twenty of twenty answers from these pods, in each cluster and for all services."""
    for cluster, pods in expected.items():
        for name in SERVICES:
            family = families(trial, cluster, name)[0]
            answered_soon(trial, partial(reaches, trial, cluster, family, pods, zone_name(trial, name)))


def _scale(trial: Trial, cluster: Cluster, replicas: int) -> None:
    cluster.patch("Deployment", HELLO, trial.namespace, {"spec": {"replicas": replicas}})
