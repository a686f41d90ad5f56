"""Clusters disagree, and the oldest of them changes."""

from collections.abc import Collection

import pytest

from tests.conformance.beyond.cases import case, everywhere, last_by_id, soon
from tests.conformance.beyond.seen import conflict, has, ips, the_import
from tests.conformance.beyond.workloads import by_hand, export
from tests.conformance.clusters import Cluster
from tests.conformance.objects import HELLO, Manifest, port
from tests.conformance.ports import same_ports
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand
from tests.conformance.waiting import OLDER_SECONDS


@pytest.mark.parametrize("is_seen_last", [False, True], ids=["and-is-seen-first", "and-is-seen-last"])
@case("constraints-and-conflict-resolution")
def test_the_oldest_export_wins_though_its_cluster_sorts_last(trial: Trial, is_seen_last: bool) -> None:
    """Let the export be a second older, and in one run come to be valid only after all others."""
    oldest, *others = last_by_id(trial.clusters)
    oldest.create(export(), trial.namespace)
    if not is_seen_last:
        oldest.create(_sticky(60, port("tcp", 4260)), trial.namespace)
        soon(trial, lambda: the_import(trial, oldest))
    trial.waiting.sleep(OLDER_SECONDS)
    for cluster in others:
        cluster.create(_sticky(30, port("tcp", 4230)), trial.namespace)
        cluster.create(export(), trial.namespace)
    if is_seen_last:
        before = everywhere(trial, lambda cluster: ips(trial, cluster))
        oldest.create(_sticky(60, port("tcp", 4260)), trial.namespace)

    everywhere(trial, lambda cluster: _holds(trial, cluster, oldest.cluster_id()))

    if is_seen_last:
        after = [ips(trial, cluster) for cluster in trial.clusters]
        demand(after == before, f"the clusterset IPs were {before} and are {after} now that another export holds")


@case("constraints-and-conflict-resolution")
def test_precedence_is_lost_with_the_export_and_comes_back_only_by_age(trial: Trial) -> None:
    first, second = trial.first, trial.second
    first.create(_sticky(10), trial.namespace)
    second.create(_sticky(20), trial.namespace)
    first.create(export(), trial.namespace)
    before = everywhere(trial, lambda cluster: ips(trial, cluster))
    trial.waiting.sleep(OLDER_SECONDS)
    second.create(export(), trial.namespace)
    _settles(trial, seconds=10, conflict_in=(first, second))

    first.delete("ServiceExport", HELLO, trial.namespace)
    _settles(trial, seconds=20, peace_in=(second,))

    trial.waiting.sleep(OLDER_SECONDS)
    first.create(export(), trial.namespace)
    _settles(trial, seconds=20, conflict_in=(first, second))

    second.delete("ServiceExport", HELLO, trial.namespace)
    _settles(trial, seconds=10, peace_in=(first,))
    after = [ips(trial, cluster) for cluster in trial.clusters]
    demand(after == before, f"the clusterset IPs were {before} and are {after}")


def _sticky(seconds: int, *ports: Manifest) -> Manifest:
    affinity = {"clientIP": {"timeoutSeconds": seconds}}
    return by_hand(sessionAffinity="ClientIP", sessionAffinityConfig=affinity, ports=[*ports] or [port("tcp")])


def _holds(trial: Trial, cluster: Cluster, oldest: str) -> None:
    has(trial, cluster, {"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 60}}})
    same_ports(the_import(trial, cluster), [port("tcp", 4260)])
    told = conflict(trial, cluster, status="True")["message"]
    demand(oldest in told, f"Conflict in cluster {cluster.name} does not name the winner {oldest}: {told}")


def _settles(
    trial: Trial, *, seconds: int, conflict_in: Collection[Cluster] = (), peace_in: Collection[Cluster] = ()
) -> None:
    def look() -> None:
        for cluster in trial.clusters:
            has(trial, cluster, {"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": seconds}}})
        for cluster in conflict_in:
            conflict(trial, cluster, status="True")
        for cluster in peace_in:
            conflict(trial, cluster, status="False")

    soon(trial, look)
