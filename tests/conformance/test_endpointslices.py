"""Specs 16 and 28: the EndpointSlices of an import, and that it says whether there are any."""

from functools import partial

import pytest

from tests.conformance.clusters import Cluster
from tests.conformance.objects import HELLO
from tests.conformance.observing import (
    ABSENT,
    KUBERNETES,
    MANAGED_BY,
    PRESENT,
    SERVICE_NAME,
    SOURCE_CLUSTER,
    families_of,
    says_whether_sliced,
    slices_of,
)
from tests.conformance.options import MAY_BE_KUBERNETES
from tests.conformance.specs import spec
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand
from tests.conformance.waiting import IMPORT_SECONDS


@spec(16)
def test_each_cluster_has_slices_of_the_import_until_the_unexport(trial: Trial, pytestconfig: pytest.Config) -> None:
    trial.start()
    source = trial.first.cluster_id()

    found = [
        (cluster, one)
        for cluster in trial.clusters
        for family in families_of(trial, cluster)
        for one in slices_of(trial, cluster, family)
    ]
    for cluster, one in found:
        labels, told = one["metadata"]["labels"], f"EndpointSlice {one['metadata']['name']} in cluster {cluster.name}"
        demand(labels[SERVICE_NAME] == HELLO, f"{told} has {SERVICE_NAME}={labels[SERVICE_NAME]}")
        demand(labels[SOURCE_CLUSTER] == source, f"{told} has {SOURCE_CLUSTER}={labels[SOURCE_CLUSTER]}, not {source}")
        demand(labels.get(MANAGED_BY), f"{told} has no label {MANAGED_BY}")
        if not pytestconfig.getoption(MAY_BE_KUBERNETES):
            demand(labels[MANAGED_BY] != KUBERNETES, f"{told} says that Kubernetes itself manages it")
    trial.unexport(trial.first)

    for cluster, one in found:
        trial.waiting.within(IMPORT_SECONDS, partial(_is_gone, trial, cluster, one["metadata"]["name"]))


@spec(28)
def test_each_import_says_whether_there_are_slices(trial: Trial) -> None:
    trial.start()

    for cluster in trial.clusters:
        says_whether_sliced(trial, cluster, PRESENT, ABSENT)


def _is_gone(trial: Trial, cluster: Cluster, name: str) -> None:
    found = cluster.find("EndpointSlice", name, trial.namespace)
    demand(found is None, f"EndpointSlice {name} is still in cluster {cluster.name} after the unexport")
