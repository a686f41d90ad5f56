from pathlib import Path
from typing import Any

import pytest

from bench.changes import Change, Route, endpoints_changed, exported, unexported
from bench.streams import Seen, Streams
from bench.workload import Backend, Source, backends
from cloudmap_mcs.domain.wellknown import LABEL_KUBE_SERVICE_NAME, LABEL_SERVICE_NAME, LABEL_SOURCE_CLUSTER
from sandbox.controlplane.client import KubeClient

IMPORTED = {LABEL_SERVICE_NAME: "web", LABEL_SOURCE_CLUSTER: "east", LABEL_KUBE_SERVICE_NAME: "derived-1"}
OWN = {LABEL_KUBE_SERVICE_NAME: "web"}


@pytest.fixture
def route() -> Route:
    return Route(Streams(), Source(KubeClient("https://127.0.0.1:1", Path("no-ca"))), "east", "west")


def seen(cluster: str, kind: str, event: str = "MODIFIED", **manifest: Any) -> Seen:
    labels = manifest.pop("labels", {})
    return Seen(0.0, cluster, event, {"kind": kind, "metadata": {"name": "web", "labels": labels}, **manifest})


def a_slice(
    cluster: str, labels: dict[str, str], *addresses: str, ready: bool | None = True, event: str = "MODIFIED"
) -> Seen:
    endpoints = [{"addresses": [address], "conditions": {"ready": ready}} for address in addresses]
    return seen(cluster, "EndpointSlice", event, labels=labels, endpoints=endpoints)


def is_cause(change: Change, event: Seen) -> bool:
    return change.cause(event)


def is_result(change: Change, event: Seen) -> bool:
    return any(wanted(event) for wanted in change.results)


def test_a_change_of_endpoints_is_told_from_its_result(route: Route) -> None:
    change = endpoints_changed(route, "web", [Backend("10.0.0.1")])

    own, imported = a_slice("east", OWN, "10.0.0.1"), a_slice("west", IMPORTED, "10.0.0.1")

    assert is_cause(change, own)
    assert not is_result(change, own)
    assert is_result(change, imported)
    assert not is_cause(change, imported)


@pytest.mark.parametrize(
    "event",
    [
        a_slice("west", IMPORTED, "10.0.0.1", "10.0.0.2"),
        a_slice("west", IMPORTED),
        a_slice("west", IMPORTED, "10.0.0.1", ready=False),
        a_slice("west", {**IMPORTED, LABEL_SERVICE_NAME: "other"}, "10.0.0.1"),
        a_slice("west", {**IMPORTED, LABEL_SOURCE_CLUSTER: "west"}, "10.0.0.1"),
        a_slice("east", IMPORTED, "10.0.0.1"),
    ],
    ids=["too-many", "too-few", "not-ready", "other-service", "other-source", "other-cluster"],
)
def test_what_is_not_exactly_the_goal_is_no_result(route: Route, event: Seen) -> None:
    assert not is_result(endpoints_changed(route, "web", [Backend("10.0.0.1")]), event)


def test_an_endpoint_that_says_nothing_of_readiness_is_ready(route: Route) -> None:
    assert is_result(
        endpoints_changed(route, "web", [Backend("10.0.0.1")]), a_slice("west", IMPORTED, "10.0.0.1", ready=None)
    )


def test_an_import_without_addresses_is_not_there_yet(route: Route) -> None:
    change = exported(route, "web")

    assert not is_result(change, seen("west", "ServiceImport", "ADDED", spec={}))
    assert is_result(change, seen("west", "ServiceImport", "ADDED", spec={"ips": ["10.0.0.9"]}))


def test_an_unexport_needs_all_three_to_be_gone(route: Route) -> None:
    change = unexported(route, "web")
    gone = [
        seen("west", "ServiceImport", "DELETED"),
        a_slice("west", IMPORTED, event="DELETED"),
        seen("west", "Service", "DELETED", labels={LABEL_SERVICE_NAME: "web"}),
    ]

    assert [[wanted(event) for event in gone] for wanted in change.results] == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]


def test_addresses_of_many_endpoints_differ() -> None:
    assert len({item.address for item in backends(2000)}) == 2000
