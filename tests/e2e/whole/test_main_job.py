"""A Service exported in one real cluster is imported in another: the main job and its invariants."""

import pytest

from tests.e2e.waiting import eventually
from tests.e2e.whole.lab import Cluster, Lab

pytestmark = pytest.mark.e2e


def test_an_export_is_imported_everywhere_and_an_unexport_removes_every_trace(lab: Lab) -> None:
    namespace = lab.exported("10.201.9.1", "10.201.9.2")

    for cluster in lab.clusters:
        _imports(cluster, namespace, "10.201.9.1", "10.201.9.2")
    assert lab.east.condition(namespace, "Valid")[:2] == ("True", "Valid")
    eventually("Ready", lambda: lab.east.condition(namespace, "Ready")[:2] == ("True", "Exported"))
    eventually("no conflict", lambda: lab.east.condition(namespace, "Conflict")[:2] == ("False", "NoConflicts"))

    lab.east.unexport(namespace)
    for cluster in lab.clusters:
        _holds_nothing(cluster, namespace)


def _imports(cluster: Cluster, namespace: str, *addresses: str) -> None:
    eventually(f"the import in {cluster.id}", lambda: cluster.addresses(namespace) == set(addresses))


def _holds_nothing(cluster: Cluster, namespace: str) -> None:
    eventually(f"nothing of ours in {cluster.id}", lambda: not cluster.owned(namespace))


def _reports(cluster: Cluster, namespace: str, status: str, reason: str) -> None:
    wanted = (status, reason)
    eventually(f"{reason} in {cluster.id}", lambda: cluster.condition(namespace, "Conflict")[:2] == wanted)


def test_endpoints_that_one_instance_has_no_room_for_come_and_go(lab: Lab) -> None:
    many = [f"10.{100 + number % 50}.{number // 4}.{50 + number % 200}" for number in range(600)]
    namespace = lab.exported(*many)
    parts = set(lab.instances(namespace)) - {"east"}

    lab.east.endpoints(namespace, "web", "10.201.9.8")

    assert parts
    eventually("one endpoint", lambda: lab.west.addresses(namespace) == {"10.201.9.8"})
    eventually("no parts", lambda: set(lab.instances(namespace)) == {"east"})


def test_the_clusterset_ip_outlives_endpoints_exporters_and_the_derived_service(lab: Lab) -> None:
    namespace = lab.exported("10.201.9.3")
    spec = lab.west.spec(namespace)
    derived = next(name for name in lab.west.owned(namespace) if name.startswith("derived-"))

    lab.east.endpoints(namespace, "web")
    eventually("no endpoints", lambda: not lab.west.addresses(namespace))
    lab.west.service(namespace)
    lab.west.endpoints(namespace, "web", "10.202.9.3")
    lab.west.export(namespace)
    eventually("the second exporter", lambda: lab.west.addresses(namespace) == {"10.202.9.3"})
    lab.east.unexport(namespace)
    eventually("the first left", lambda: _sources(lab, namespace) == {"west"})
    lab.west.client.delete(f"/api/v1/namespaces/{namespace}/services/{derived}")
    lab.invoke(lab.west, resync={"namespace": namespace, "service": "web"})

    assert lab.west.spec(namespace)["ips"] == spec["ips"]
    service = lab.west.client.get(f"/api/v1/namespaces/{namespace}/services/{derived}")
    assert service["spec"]["clusterIPs"] == spec["ips"]


def _sources(lab: Lab, namespace: str) -> set[str]:
    status = (lab.west.imported(namespace) or {}).get("status", {})
    return {item["cluster"] for item in status.get("clusters", ())}


def test_a_changed_port_is_changed_at_the_same_clusterset_ip(lab: Lab) -> None:
    namespace = lab.exported("10.201.9.9")
    before = lab.west.spec(namespace)
    derived = next(name for name in lab.west.owned(namespace) if name.startswith("derived-"))
    path = f"/api/v1/namespaces/{namespace}/services"

    lab.east.client.patch(f"{path}/web", {"spec": {"ports": [{"name": "http", "port": 82}]}})

    def ports() -> list[int]:
        return [item["port"] for item in lab.west.client.get(f"{path}/{derived}")["spec"]["ports"]]

    eventually("the derived Service's port", lambda: ports() == [82])
    eventually("the import's port", lambda: [item["port"] for item in lab.west.spec(namespace)["ports"]] == [82])
    assert lab.west.spec(namespace)["ips"] == before["ips"]


def test_differing_ports_are_a_conflict_on_both_exports_until_they_agree(lab: Lab) -> None:
    namespace = lab.exported("10.201.9.4")
    lab.west.service(namespace, ports=[{"name": "http", "port": 81}])
    lab.west.endpoints(namespace, "web", "10.202.9.4")
    lab.west.export(namespace)

    for cluster in lab.clusters:
        _reports(cluster, namespace, "True", "PortConflict")
    assert "east" in lab.west.condition(namespace, "Conflict")[2]
    assert lab.west.spec(namespace)["ports"] == [{"name": "http", "port": 80, "protocol": "TCP"}]
    assert lab.west.addresses(namespace) == {"10.201.9.4"}, "a port that lost gets no traffic"

    lab.west.client.patch(
        f"/api/v1/namespaces/{namespace}/services/web", {"spec": {"ports": [{"name": "http", "port": 80}]}}
    )
    for cluster in lab.clusters:
        _reports(cluster, namespace, "False", "NoConflicts")
    eventually("both clusters' endpoints", lambda: lab.west.addresses(namespace) == {"10.201.9.4", "10.202.9.4"})


def test_a_headless_service_keeps_its_host_names_and_has_no_clusterset_ip(lab: Lab) -> None:
    namespace = lab.fresh_namespace()
    lab.east.service(namespace, clusterIP="None", ipFamilyPolicy="SingleStack")
    lab.east.endpoints(namespace, "web", "10.201.9.5")
    path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices/web-1"
    lab.east.client.patch(
        path, {"endpoints": [{"addresses": ["10.201.9.5"], "hostname": "web-0", "conditions": {"ready": True}}]}
    )

    lab.east.export(namespace)

    eventually("the import", lambda: lab.west.addresses(namespace) == {"10.201.9.5"})
    spec = eventually("its spec", lambda: (lab.west.imported(namespace) or {}).get("spec"))
    assert (spec["type"], spec.get("ips") or []) == ("Headless", [])
    assert spec["ipFamilies"] == ["IPv4"]
    assert lab.west.imported_slices(namespace)[0]["endpoints"][0]["hostname"] == "web-0"


def test_nothing_without_our_mark_is_touched(lab: Lab) -> None:
    namespace = lab.fresh_namespace()
    foreign = {
        "apiVersion": "multicluster.x-k8s.io/v1beta1",
        "kind": "ServiceImport",
        "metadata": {"name": "web"},
        "spec": {"type": "ClusterSetIP", "ports": [{"port": 1}]},
    }
    before = lab.west.client.create(
        f"/apis/multicluster.x-k8s.io/v1beta1/namespaces/{namespace}/serviceimports", foreign
    )
    lab.east.service(namespace)
    lab.east.endpoints(namespace, "web", "10.201.9.6")
    lab.east.export(namespace)
    eventually("the import in the east", lambda: lab.east.addresses(namespace) == {"10.201.9.6"})

    report = lab.invoke(lab.west, resync={"namespace": namespace, "service": "web"})

    assert "belongs to somebody else" in report["keys"][f"{namespace}/web"]["skipped"]
    assert lab.west.imported(namespace) == before


def test_a_namespace_that_came_while_no_watcher_ran_gets_its_imports_by_the_next_resync(lab: Lab) -> None:
    namespace = "only-in-the-east"
    lab.east.namespace(namespace)
    lab.east.service(namespace)
    lab.east.endpoints(namespace, "web", "10.201.9.7")
    lab.east.export(namespace)
    eventually("the import in the east", lambda: lab.east.addresses(namespace) == {"10.201.9.7"})

    eventually("the key in the index", lambda: namespace in str(lab.instances("", "members")))
    lab.kill_watcher(lab.west)
    lab.west.namespace(namespace)
    report = lab.invoke(lab.west, resync="all")
    lab.start_watcher(lab.west)

    assert report["complete"]
    assert lab.west.addresses(namespace) == {"10.201.9.7"}
