"""Where things are: the accounts and Regions of a clusterset, and who of it lives in which of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cloudmap_mcs.clusterset import Cluster, Clusterset


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """An account and a Region of it, as a stack has them."""

    account: str
    region: str


def of_hub(clusterset: Clusterset) -> Place:
    return Place(clusterset.hub.account, clusterset.hub.region)


def of_functions(cluster: Cluster) -> Place:
    """Return where the functions of a cluster run: its MemberStack's place."""
    return Place(cluster.functions_account, cluster.region)


def of_cluster(cluster: Cluster) -> Place:
    """Return where the cluster itself and its watcher's role are."""
    return Place(cluster.account, cluster.region)


def grouped(clusters: Iterable[Cluster], place_of: Callable[[Cluster], Place]) -> dict[Place, list[Cluster]]:
    """Group clusters by place, in the order of the file."""
    result: dict[Place, list[Cluster]] = {}
    for cluster in clusters:
        result.setdefault(place_of(cluster), []).append(cluster)
    return result


def with_functions(clusterset: Clusterset) -> dict[Place, list[Cluster]]:
    """Return the places of all MemberStacks, with their clusters."""
    return grouped(clusterset.clusters, of_functions)


def remote(clusterset: Clusterset) -> dict[Place, list[Cluster]]:
    """Return the places of MemberStacks elsewhere than at the hub: those that events are forwarded to."""
    return {place: found for place, found in with_functions(clusterset).items() if place != of_hub(clusterset)}


def of_watchers(clusterset: Clusterset) -> list[Place]:
    """Return where there are watchers' roles, each place once."""
    return sorted(grouped(clusterset.clusters, of_cluster))


def other_accounts(clusterset: Clusterset) -> list[str]:
    """Return the accounts that use the hub's namespace without owning it."""
    used = {account for cluster in clusterset.clusters for account in (cluster.account, cluster.functions_account)}
    return sorted(used - {clusterset.hub.account})
