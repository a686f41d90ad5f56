"""Three clusters export one service."""

from functools import partial

import pytest

from tests.conformance.beyond.cases import (
    answered_soon,
    case,
    everywhere,
    families_given,
    order_request_pods,
    when_pods_run,
)
from tests.conformance.beyond.connecting import reaches
from tests.conformance.beyond.seen import families, pod_addresses, sources, the_import
from tests.conformance.beyond.workloads import answering_deployment, export, service
from tests.conformance.clusters import Cluster
from tests.conformance.objects import Offer
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand


@case("importing-services", clusters=3)
def test_three_clusters_are_one_service(trial: Trial) -> None:
    if not set.intersection(*(set(families_given(trial, cluster)) for cluster in trial.clusters)):
        pytest.skip("takes clusters that all have one IP family")
    for cluster in trial.clusters:
        trial.offer(cluster, Offer(service(), answering_deployment(), export()))
    order_request_pods(trial, trial.clusters)()
    ids = frozenset(cluster.cluster_id() for cluster in trial.clusters)

    pods = when_pods_run(trial, lambda: [pod_addresses(trial, cluster) for cluster in trial.clusters])
    everywhere(trial, lambda cluster: _has_all(trial, cluster, ids))

    for cluster in trial.clusters:
        for family in families(trial, cluster):
            answered_soon(trial, partial(reaches, trial, cluster, family, frozenset().union(*pods)))


def _has_all(trial: Trial, cluster: Cluster, ids: frozenset[str]) -> None:
    named = [one["cluster"] for one in the_import(trial, cluster).get("status", {}).get("clusters", [])]
    demand(sorted(named) == sorted(ids), f"status.clusters in cluster {cluster.name} is {named}, not {sorted(ids)}")
    for family in families(trial, cluster):
        found = sources(trial, cluster, family)
        demand(found == ids, f"{family} endpoints in cluster {cluster.name} come from {sorted(found)}")
