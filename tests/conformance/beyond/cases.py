"""What a case says about itself, and what it asks of the clusters it is given."""

from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Final, TypeVar

import pytest

from tests.conformance.asking import Family
from tests.conformance.clusters import Cluster
from tests.conformance.objects import Manifest, request_pod
from tests.conformance.trial import Trial
from tests.conformance.verdicts import need
from tests.conformance.waiting import IMPORT_SECONDS, POD_SECONDS, SLOW_POLL, STEADY_SECONDS

T = TypeVar("T")

ZONE: Final = "topology.kubernetes.io/zone"
_PROBE: Final = "families"


def case(section: str, *, clusters: int = 2) -> pytest.MarkDecorator:
    """Mark a case: the anchor of its section in KEP-1645, and how many clusters it takes."""
    return pytest.mark.conformance(section=section, clusters=clusters)


def soon(trial: Trial, look: Callable[[], T]) -> T:
    """Wait until a look holds, within 20 s. One look may be at all clusters: they share the time."""
    return trial.waiting.within(IMPORT_SECONDS, look)


def everywhere(trial: Trial, look: Callable[[Cluster], T], clusters: Iterable[Cluster] = ()) -> list[T]:
    """Wait until a look holds in all clusters at the same time, within 20 s; in some, when they are named."""
    return soon(trial, lambda: [look(cluster) for cluster in clusters or trial.clusters])


def answered_soon(trial: Trial, look: Callable[[], T]) -> T:
    """Wait like `soon` for what commands in pods say: one look a second."""
    return trial.waiting.within(IMPORT_SECONDS, look, every=SLOW_POLL)


def when_pods_run(trial: Trial, look: Callable[[], T]) -> T:
    """Wait until a look holds that waits for pods, within 60 s."""
    return trial.waiting.within(POD_SECONDS, look, every=SLOW_POLL)


def steadily(trial: Trial, look: Callable[[], object]) -> None:
    """Look for 5 s and allow no miss."""
    trial.waiting.throughout(STEADY_SECONDS, look)


def order_request_pods(trial: Trial, clusters: Collection[Cluster]) -> Callable[[], None]:
    """Have the pods made that commands run in; calling what is returned waits until they run."""
    for cluster in clusters:
        cluster.create(request_pod(), trial.namespace)
    return partial(when_pods_run, trial, partial(_all_run, trial, clusters))


def _all_run(trial: Trial, clusters: Collection[Cluster]) -> None:
    for cluster in clusters:
        need(trial.run(cluster, "echo ready"), f"no command can be run in cluster {cluster.name}")


def zone_name(trial: Trial, service: str) -> str:
    """Give the name of any service in the clusterset, without a final dot."""
    return f"{service}.{trial.namespace}.svc.{trial.dns_domain}"


def last_by_id(clusters: Collection[Cluster]) -> tuple[Cluster, ...]:
    """Give the clusters with the one first whose id sorts last."""
    return tuple(sorted(clusters, key=lambda cluster: cluster.cluster_id(), reverse=True))


def families_given(trial: Trial, cluster: Cluster) -> tuple[Family, ...]:
    """Give the IP families of which the cluster has addresses for Services, its main one first."""
    probe: Manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": _PROBE},
        "spec": {"ports": [{"port": 1}], "ipFamilyPolicy": "PreferDualStack"},
    }
    found = cluster.find("Service", _PROBE, trial.namespace) or cluster.create(probe, trial.namespace)
    return tuple(found["spec"]["ipFamilies"])


def zones_of(cluster: Cluster) -> frozenset[str]:
    """Give the zones of the cluster's nodes."""
    labels = (node["metadata"].get("labels", {}) for node in cluster.objects("Node"))
    return frozenset(found[ZONE] for found in labels if ZONE in found)
