"""A rolling update in the exporting cluster, seen by clients in all clusters."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from tests.conformance.asking import Family
from tests.conformance.beyond.cases import answered_soon, case, everywhere, families_given, when_pods_run
from tests.conformance.beyond.seen import families, points, ready_pods, slices
from tests.conformance.beyond.workloads import (
    CLIENT,
    COUNTS,
    answering_deployment,
    client_pod,
    export,
    lingering,
    service,
)
from tests.conformance.clusters import Cluster
from tests.conformance.objects import HELLO, Manifest
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand, need

REPLICAS: Final = 3
LINGERS: Final = 8
WARM: Final = 20
"""Connections of each client that must have succeeded before the rollout begins."""

AFTERWARDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Counts:
    """What a client has got so far."""

    answered: int
    failed: int


@case("clusterset-service-behavior-expectations")
def test_a_rollout_costs_other_clusters_no_connection_that_it_does_not_cost_its_own(trial: Trial) -> None:
    first, others = trial.first, trial.clusters[1:]
    careful = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    workload = answering_deployment(replicas=REPLICAS, container=lingering(LINGERS), strategy=careful)
    for made in (workload, service(), export()):
        first.create(made, trial.namespace)
    before = when_pods_run(trial, lambda: _pods(trial))
    everywhere(trial, lambda cluster: _has_all(trial, cluster))
    first.create(client_pod(families_given(trial, first)[0], f"{trial.local_name}."), trial.namespace)
    for cluster in others:
        cluster.create(client_pod(_family(trial, cluster), f"{trial.service_name}."), trial.namespace)
    warm = when_pods_run(trial, lambda: {cluster: _counts(trial, cluster, WARM) for cluster in trial.clusters})

    template = {"metadata": {"annotations": {"rollout": "second"}}}
    first.patch("Deployment", HELLO, trial.namespace, {"spec": {"template": template}})
    when_pods_run(trial, lambda: _is_over(trial, before))
    trial.waiting.sleep(AFTERWARDS)

    after = {cluster: answered_soon(trial, partial(_counts, trial, cluster)) for cluster in trial.clusters}
    failed = {cluster: after[cluster].failed - warm[cluster].failed for cluster in trial.clusters}
    for cluster in others:
        tried = after[cluster].answered - warm[cluster].answered
        need(tried > WARM, f"the client in cluster {cluster.name} has made only {tried} connections")
        demand(
            failed[cluster] <= failed[first],
            f"{failed[cluster]} of {tried + failed[cluster]} connections from cluster {cluster.name} failed, "
            f"{failed[first]} in the exporting cluster: {_errors(trial, cluster)}",
        )


def _pods(trial: Trial) -> frozenset[str]:
    return frozenset(pod["metadata"]["name"] for pod in ready_pods(trial, trial.first, f"app={HELLO}", REPLICAS))


def _has_all(trial: Trial, cluster: Cluster) -> None:
    for family in families(trial, cluster):
        ready = sum(point.ready for point in points(slices(trial, cluster, family=family)))
        demand(ready == REPLICAS, f"{ready} {family} endpoints are ready in cluster {cluster.name}, not {REPLICAS}")


def _family(trial: Trial, cluster: Cluster) -> Family:
    return families(trial, cluster)[0]


def _counts(trial: Trial, cluster: Cluster, at_least: int = 0) -> Counts:
    numbers = cluster.run(CLIENT, trial.namespace, f"cat {COUNTS}").split()
    need(len(numbers) == 2, f"the client in cluster {cluster.name} has not counted")
    counts = Counts(*(int(one) for one in numbers))
    need(counts.answered >= at_least, f"the client in cluster {cluster.name} counts {counts}")
    return counts


def _is_over(trial: Trial, before: frozenset[str]) -> None:
    """Say no until all pods are new and the old ones gone."""
    pods: list[Manifest] = trial.first.objects("Pod", trial.namespace, labels=f"app={HELLO}")
    names = {pod["metadata"]["name"] for pod in pods}
    need(len(names) == REPLICAS and not names & before, f"the rollout is not over: {sorted(names)}")


def _errors(trial: Trial, cluster: Cluster) -> str:
    return " ".join(cluster.run(CLIENT, trial.namespace, "tail -n 6 /tmp/errors").split())
