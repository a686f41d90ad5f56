"""Pods become unready, ready again, and end: consumers in other clusters follow."""

from collections.abc import Collection
from functools import partial
from typing import Final

from tests.conformance.asking import same_addresses
from tests.conformance.beyond.cases import answered_soon, case, order_request_pods, soon, when_pods_run
from tests.conformance.beyond.connecting import reaches
from tests.conformance.beyond.seen import Point, families, points, ready_pods, slices
from tests.conformance.beyond.workloads import READY_FILE, answering_pod, export, service
from tests.conformance.clusters import Cluster
from tests.conformance.objects import HELLO, Manifest
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand, need

LINGERS: Final = 12


@case("using-endpointslice-objects-to-track-endpoints")
def test_endpoint_conditions_follow_the_pods_and_traffic_follows_them(trial: Trial) -> None:
    for pod in (answering_pod("steady"), answering_pod("flipping"), answering_pod("ending", lingers=LINGERS)):
        trial.first.create(pod, trial.namespace)
    trial.first.create(service(), trial.namespace)
    trial.first.create(export(), trial.namespace)
    order_request_pods(trial, trial.clusters)()
    found = when_pods_run(trial, lambda: ready_pods(trial, trial.first, f"app={HELLO}", 3))
    pods = {pod["metadata"]["name"]: pod for pod in found}
    _only_these_answer(trial, pods.values())

    _order(trial, "flipping", f"rm {READY_FILE}")
    soon(trial, lambda: _is_everywhere(trial, pods["flipping"], ready=False, serving=False))
    _only_these_answer(trial, [pods["steady"], pods["ending"]])

    _order(trial, "flipping", f"touch {READY_FILE}")
    soon(trial, lambda: _is_everywhere(trial, pods["flipping"], ready=True, serving=True))
    _only_these_answer(trial, pods.values())

    trial.first.delete("Pod", "ending", trial.namespace)
    soon(trial, lambda: _is_everywhere(trial, pods["ending"], ready=False, serving=True, terminating=True))
    _only_these_answer(trial, [pods["steady"], pods["flipping"]])
    soon(trial, lambda: _is_nowhere(trial, pods["ending"]))


def _order(trial: Trial, pod: str, command: str) -> None:
    need(trial.first.run(pod, trial.namespace, f"{command} && echo done"), f"`{command}` cannot be run in pod {pod}")


def _only_these_answer(trial: Trial, pods: Collection[Manifest]) -> None:
    expected = {pod["status"]["podIP"] for pod in pods}
    for cluster in trial.clusters:
        for family in soon(trial, partial(families, trial, cluster)):
            answered_soon(trial, partial(reaches, trial, cluster, family, expected))


def _is_everywhere(trial: Trial, pod: Manifest, *, ready: bool, serving: bool, terminating: bool = False) -> None:
    """Demand the pod with these conditions in each cluster, once in each family of the import."""
    for cluster in trial.clusters:
        found = _points_of(trial, cluster, pod)
        demand(
            len(found) == len(families(trial, cluster))
            and all((one.ready, one.serving, one.terminating) == (ready, serving, terminating) for one in found),
            f"pod {pod['metadata']['name']} is {found} in cluster {cluster.name}",
        )


def _is_nowhere(trial: Trial, pod: Manifest) -> None:
    for cluster in trial.clusters:
        found = _points_of(trial, cluster, pod)
        demand(not found, f"pod {pod['metadata']['name']} is over and still {found} in cluster {cluster.name}")


def _points_of(trial: Trial, cluster: Cluster, pod: Manifest) -> list[Point]:
    own = [one["ip"] for one in pod["status"]["podIPs"]]
    there = [point for family in families(trial, cluster) for point in points(slices(trial, cluster, family=family))]
    return [point for point in there if any(same_addresses((point.address,), [ip]) for ip in own)]
