"""A service with more endpoints than one EndpointSlice may have."""

from collections.abc import Sequence
from typing import Final

import pytest

from tests.conformance.asking import Family
from tests.conformance.beyond.cases import case, everywhere, families_given
from tests.conformance.beyond.seen import Point, no_import, same_points, slices
from tests.conformance.beyond.workloads import by_hand, endpoints_by_hand, export
from tests.conformance.clusters import Cluster
from tests.conformance.objects import HELLO, Manifest
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand

SIZES: Final = (100, 100, 50)
MOST: Final = 100
"""Endpoints in a slice, as Kubernetes itself fills them."""

_NETS: Final[dict[Family, tuple[str, ...]]] = {
    "IPv4": ("192.0.2.{}", "198.51.100.{}", "203.0.113.{}"),
    "IPv6": ("2001:db8:a::{:x}", "2001:db8:b::{:x}", "2001:db8:c::{:x}"),
}
"""Addresses for documentation (RFC 5737, RFC 3849): nobody answers there."""


@case("using-endpointslice-objects-to-track-endpoints")
def test_250_endpoints_are_imported_with_their_conditions(trial: Trial) -> None:
    family = _common_family(trial)
    offered = [_endpoints(family, number, size) for number, size in enumerate(SIZES)]
    trial.first.create(by_hand(), trial.namespace)
    for number, points in enumerate(offered):
        made = endpoints_by_hand(f"{HELLO}-{number}", family, [_raw(point) for point in points])
        trial.first.create(made, trial.namespace)
    trial.first.create(export(), trial.namespace)
    everywhere(trial, lambda cluster: _are_imported(trial, cluster, offered, family))

    offered[1] = _after_changes(offered[1], family)
    change = {"endpoints": [_raw(point) for point in offered[1]]}
    trial.first.patch("EndpointSlice", f"{HELLO}-1", trial.namespace, change)
    everywhere(trial, lambda cluster: _are_imported(trial, cluster, offered, family))

    trial.unexport(trial.first)
    everywhere(trial, lambda cluster: _is_gone(trial, cluster))


def _common_family(trial: Trial) -> Family:
    given = [families_given(trial, cluster) for cluster in trial.clusters]
    common = [family for family in given[0] if all(family in found for found in given)]
    if not common:
        pytest.skip("takes clusters that all have one IP family")
    return common[0]


def _endpoints(family: Family, number: int, size: int) -> list[Point]:
    return [_point(_NETS[family][number].format(host), host, f"pod-{number}-{host}") for host in range(1, size + 1)]


def _point(address: str, host: int, hostname: str) -> Point:
    """Make most ready, every tenth not, and some about to end but still serving."""
    if host % 10 == 3:
        return Point(address, ready=False, serving=False, hostname=hostname)
    if host % 25 == 7:
        return Point(address, ready=False, serving=True, terminating=True, hostname=hostname)
    return Point(address, hostname=hostname)


def _after_changes(before: Sequence[Point], family: Family) -> list[Point]:
    """Take away the first five, let five more become unready and bring five that were not there."""
    unready = [Point(one.address, ready=False, serving=False, hostname=one.hostname) for one in before[5:10]]
    new = [Point(_NETS[family][1].format(host)) for host in range(201, 206)]
    return [*unready, *before[10:], *new]


def _raw(point: Point) -> Manifest:
    conditions = {"ready": point.ready, "serving": point.serving, "terminating": point.terminating}
    made: Manifest = {"addresses": [point.address], "conditions": conditions}
    return {**made, "hostname": point.hostname} if point.hostname else made


def _are_imported(trial: Trial, cluster: Cluster, offered: Sequence[Sequence[Point]], family: Family) -> None:
    same_points(trial, cluster, [point for points in offered for point in points], family)
    largest = max(len(one["endpoints"]) for one in slices(trial, cluster))
    demand(largest <= MOST, f"an EndpointSlice in cluster {cluster.name} has {largest} endpoints, more than {MOST}")


def _is_gone(trial: Trial, cluster: Cluster) -> None:
    no_import(trial, cluster)
    left = len(slices(trial, cluster))
    demand(not left, f"{left} imported EndpointSlices are left in cluster {cluster.name}")
