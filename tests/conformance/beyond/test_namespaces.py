"""An importing cluster loses the namespace and gets it back, or gets it only later."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from tests.conformance.beyond.cases import (
    answered_soon,
    case,
    everywhere,
    families_given,
    order_request_pods,
    soon,
    when_pods_run,
)
from tests.conformance.beyond.connecting import reaches
from tests.conformance.beyond.seen import families, ips, pod_addresses, slices, sources, the_import
from tests.conformance.beyond.workloads import answering_deployment, by_hand, endpoints_by_hand, export, service
from tests.conformance.clusters import Cluster
from tests.conformance.objects import HELLO, Manifest, Offer
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand, need


@case("importing-services")
def test_the_import_comes_back_with_its_namespace(trial: Trial) -> None:
    trial.offer(trial.first, Offer(service(), answering_deployment(), export()))
    ids = frozenset({trial.first.cluster_id()})
    pods = when_pods_run(trial, partial(pod_addresses, trial, trial.first))
    everywhere(trial, lambda cluster: _is_whole(trial, cluster, ids))
    before = _objects(trial, trial.first)

    trial.second.delete("Namespace", trial.namespace)
    when_pods_run(trial, lambda: _is_gone(trial, trial.second))
    replace(trial, clusters=(trial.second,)).open()

    soon(trial, lambda: _is_whole(trial, trial.second, ids))
    order_request_pods(trial, (trial.second,))()
    for family in families(trial, trial.second):
        answered_soon(trial, partial(reaches, trial, trial.second, family, pods))
    after = _objects(trial, trial.first)
    demand(after == before, f"cluster {trial.first.name} had {before} and has {after} now")


@case("importing-services")
def test_a_namespace_made_after_the_export_gets_the_import(trial: Trial) -> None:
    with _elsewhere(trial) as late:
        replace(late, clusters=(trial.first,)).open()
        family = families_given(late, trial.first)[0]
        address = {"addresses": ["192.0.2.1" if family == "IPv4" else "2001:db8::1"]}
        for made in (by_hand(), endpoints_by_hand("by-hand", family, [address]), export()):
            late.first.create(made, late.namespace)
        soon(late, lambda: _is_whole(late, late.first, frozenset({late.first.cluster_id()})))

        replace(late, clusters=trial.clusters[1:]).open()

        common = [cluster for cluster in trial.clusters[1:] if family in families_given(late, cluster)]
        need(common, f"no other cluster has {family} addresses")
        everywhere(late, lambda cluster: _is_whole(late, cluster, frozenset({late.first.cluster_id()})), common)


@contextmanager
def _elsewhere(trial: Trial) -> Iterator[Trial]:
    """Give the same clusters with another namespace, which is not made yet but deleted in the end."""
    late = replace(trial, namespace=f"{trial.namespace}-late")
    try:
        yield late
    finally:
        late.close()


def _is_whole(trial: Trial, cluster: Cluster, ids: frozenset[str]) -> None:
    """Demand the import with its addresses, and endpoints in one of its families."""
    ips(trial, cluster)
    found = frozenset[str]().union(*(sources(trial, cluster, family) for family in families(trial, cluster)))
    demand(found == ids, f"endpoints in cluster {cluster.name} come from {sorted(found)}, not {sorted(ids)}")


def _is_gone(trial: Trial, cluster: Cluster) -> None:
    left = cluster.find("Namespace", trial.namespace)
    need(left is None, f"namespace {trial.namespace} is still in cluster {cluster.name}")


def _objects(trial: Trial, cluster: Cluster) -> dict[str, str]:
    """Give what has to stay: the import and the slices by uid, and the addresses."""
    found: list[Manifest] = [the_import(trial, cluster), *slices(trial, cluster)]
    uids = {one["metadata"]["name"]: one["metadata"]["uid"] for one in found}
    return {**uids, f"addresses of {HELLO}": " ".join(ips(trial, cluster))}
