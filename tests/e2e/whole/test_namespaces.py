"""A namespace that comes, goes and comes back in an importing cluster (KEP-1645, "Namespace Sameness")."""

import itertools
import json
from typing import Any

import pytest

from cloudmap_mcs.domain.model import ClusterId
from cloudmap_mcs.eventbridge.messages import APPEARED, SOURCE, event_detail
from cloudmap_mcs.ports import Appeared
from sandbox.sandbox import ACCOUNT, CLUSTERSET, REGION
from tests.e2e.waiting import eventually
from tests.e2e.whole.lab import Cluster, Lab

pytestmark = pytest.mark.e2e

_numbers = itertools.count(1)


def test_a_namespace_that_comes_or_comes_back_gets_its_imports_long_before_a_resync(lab: Lab) -> None:
    namespace = _exported_in_the_east_only(lab, "10.201.10.1")
    before = _objects(lab.east, namespace)

    lab.west.namespace(namespace)
    _imports(lab.west, namespace, "10.201.10.1")
    lab.west.client.delete(f"/api/v1/namespaces/{namespace}")
    _is_gone(lab.west, namespace)
    lab.west.namespace(namespace)
    _imports(lab.west, namespace, "10.201.10.1")

    assert _objects(lab.east, namespace) == before
    lab.east.endpoints(namespace, "web", "10.201.10.2")
    _imports(lab.west, namespace, "10.201.10.2")


def test_a_namespace_that_is_going_is_left_alone_and_its_successor_gets_the_imports(lab: Lab) -> None:
    namespace = _exported_in_the_east_only(lab, "10.201.10.3")
    lab.west.namespace(namespace)
    _imports(lab.west, namespace, "10.201.10.3")
    held = f"/api/v1/namespaces/{namespace}/configmaps"
    lab.west.client.create(held, {"metadata": {"name": "held", "finalizers": ["example.com/held"]}})

    lab.west.client.delete(f"/api/v1/namespaces/{namespace}")
    eventually("our objects are gone", lambda: not lab.west.owned(namespace), seconds=60)
    lab.east.endpoints(namespace, "web", "10.201.10.4")
    eventually("the change in the east", lambda: lab.east.addresses(namespace) == {"10.201.10.4"})
    report = lab.invoke(lab.west, resync={"namespace": namespace})

    assert report["keys"][f"{namespace}/web"]["skipped"] == "the namespace is being deleted"
    assert report["totals"]["errors"] == 0
    assert lab.west.owned(namespace) == []
    lab.west.client.patch(f"{held}/held", {"metadata": {"finalizers": None}})
    _is_gone(lab.west, namespace)
    lab.west.namespace(namespace)
    _imports(lab.west, namespace, "10.201.10.4")


def test_a_namespace_that_comes_before_the_index_has_the_key_gets_the_import_too(lab: Lab) -> None:
    """The key's own event finds no namespace, and the namespace's event no key."""
    lab.simulator.change(lag="1500ms")
    namespace = _exported_in_the_east(lab, "10.201.10.5")
    eventually("the record", lambda: "east" in lab.instances_or_none(namespace))

    lab.west.namespace(namespace)

    _imports(lab.west, namespace, "10.201.10.5")


def test_the_deployed_rules_bring_a_namespaces_event_to_its_own_cluster_only(lab: Lab) -> None:
    events = lab.sandbox.aws.client("events")
    detail = json.loads(event_detail(CLUSTERSET, Appeared("shop", ClusterId(lab.west.id)), time="now"))
    event = {
        "id": "1",
        "account": ACCOUNT,
        "region": REGION,
        "time": "2026-01-01T00:00:00Z",
        "resources": [],
        "source": SOURCE,
        "detail-type": APPEARED,
        "detail": detail,
    }
    bus = f"cloudmap-mcs-{CLUSTERSET}"

    def matches(cluster: Cluster) -> bool:
        rule = events.describe_rule(Name=f"cloudmap-mcs-{CLUSTERSET}-{cluster.id}", EventBusName=bus)
        found: bool = events.test_event_pattern(EventPattern=rule["EventPattern"], Event=json.dumps(event))["Result"]
        return found

    assert {cluster.id: matches(cluster) for cluster in lab.clusters} == {lab.east.id: False, lab.west.id: True}


def _exported_in_the_east_only(lab: Lab, address: str) -> str:
    """Export a Service in a namespace that the west does not have, and wait until the index has it."""
    namespace = _exported_in_the_east(lab, address)
    _imports(lab.east, namespace, address)
    eventually("its status", lambda: (lab.east.imported(namespace) or {}).get("status", {}).get("clusters"))
    eventually("the key in the index", lambda: f"{namespace}=" in str(lab.instances("", "members")))
    return namespace


def _exported_in_the_east(lab: Lab, address: str) -> str:
    namespace = f"later-{next(_numbers)}"
    lab.east.namespace(namespace)
    lab.east.service(namespace)
    lab.east.endpoints(namespace, "web", address)
    lab.east.export(namespace)
    return namespace


def _imports(cluster: Cluster, namespace: str, address: str) -> None:
    def is_whole() -> Any:
        found = cluster.imported(namespace) or {}
        return cluster.addresses(namespace) == {address} and found.get("spec", {}).get("ips")

    eventually(f"the import in {cluster.id}", is_whole)


def _objects(cluster: Cluster, namespace: str) -> list[tuple[str, str]]:
    found = [*cluster.imports(namespace), *cluster.imported_slices(namespace)]
    return sorted((item["metadata"]["uid"], item["metadata"]["resourceVersion"]) for item in found)


def _is_gone(cluster: Cluster, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}"
    eventually(f"the namespace is gone from {cluster.id}", lambda: cluster.client.find(path) is None, seconds=60)
