from typing import Any

import pytest

from sandbox.binaries.catalog import TOOLS
from sandbox.controlplane.client import KubeClient
from sandbox.nodes import coredns
from sandbox.nodes.addresses import FAMILIES, Addresses
from sandbox.nodes.coredns import installed
from sandbox.nodes.parts import coredns_version


def of_kind(kind: str, families: str = "dual") -> dict[str, Any]:
    found = [item for item in installed(Addresses(1, FAMILIES[families]), image="image:1") if item["kind"] == kind]
    return found[-1]


def test_the_stock_corefile_gets_the_clustersets_zone_from_our_editor() -> None:
    before = coredns.manifests(Addresses(1), image="image:1")
    stock = next(item for item in before if item["kind"] == "ConfigMap")["data"]["Corefile"]
    edited = of_kind("ConfigMap")["data"]["Corefile"]

    assert "clusterset.local" not in stock
    assert "kubernetes cluster.local clusterset.local in-addr.arpa ip6.arpa {" in edited
    assert "multicluster clusterset.local" in edited


def test_coredns_may_list_serviceimports_before_it_has_the_corefile() -> None:
    everything = installed(Addresses(1), image="image:1")
    granting = [
        index
        for index, item in enumerate(everything)
        for rule in item.get("rules", [])
        if "serviceimports" in rule["resources"]
    ]

    assert granting
    assert granting[0] < [item["kind"] for item in everything].index("ConfigMap")


@pytest.mark.parametrize(
    ("families", "addresses", "policy"),
    [
        ("ipv4", ["10.101.0.10"], "SingleStack"),
        ("ipv6", ["fd66:101::a"], "SingleStack"),
        ("dual", ["10.101.0.10", "fd66:101::a"], "RequireDualStack"),
        ("dual-ipv6", ["fd66:101::a", "10.101.0.10"], "RequireDualStack"),
    ],
)
def test_the_dns_service_has_the_addresses_that_kubelet_tells_pods(
    families: str, addresses: list[str], policy: str
) -> None:
    spec = of_kind("Service", families)["spec"]

    assert (spec["clusterIP"], spec["clusterIPs"], spec["ipFamilyPolicy"]) == (addresses[0], addresses, policy)
    assert spec["ipFamilies"] == list(FAMILIES[families])


def test_the_service_selects_the_deployments_pods() -> None:
    pod = of_kind("Deployment")["spec"]["template"]

    assert of_kind("Service")["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert pod["spec"]["containers"][0]["image"] == "image:1"


def test_every_plugin_of_the_corefile_is_built_in() -> None:
    (tool,) = [tool for tool in TOOLS if tool.name == "coredns"]
    built = (tool.folder / "main.go").read_text()
    lines = of_kind("ConfigMap")["data"]["Corefile"].splitlines()
    used = {line.split()[0] for line in lines if line.startswith("    ") and not line.startswith("     ")} - {"}"}

    assert {"kubernetes", "forward", "loop"} <= used
    # The one plugin whose folder has another name.
    assert not [name for name in used if f'plugin/{name.replace("prometheus", "metrics")}"' not in built]


def test_the_image_is_tagged_with_the_version_that_is_built() -> None:
    (tool,) = [tool for tool in TOOLS if tool.name == "coredns"]

    assert f"github.com/coredns/coredns {coredns_version()}" in (tool.folder / "go.mod").read_text()


class ClusterWithDns(KubeClient):
    """An API server with CoreDNS's ConfigMap and Pods: UID and whether it is ready."""

    def __init__(self, corefile: str, **pods: bool) -> None:
        self.corefile, self.pods = corefile, pods
        self.deleted: list[str] = []

    def get(self, path: str) -> dict[str, Any]:
        if "configmaps" in path:
            return {"data": {"Corefile": self.corefile}}
        conditions = {uid: [{"type": "Ready", "status": str(is_ready)}] for uid, is_ready in self.pods.items()}
        items = [{"metadata": {"uid": uid}, "status": {"conditions": found}} for uid, found in conditions.items()]
        return {"items": [*items, {"metadata": {"uid": "unscheduled"}}]}

    def delete(self, path: str) -> dict[str, Any]:
        self.deleted.append(path)
        return {}


def test_pods_of_coredns_are_replaced_after_an_edit_and_not_counted_any_more() -> None:
    edited = ClusterWithDns(of_kind("ConfigMap")["data"]["Corefile"], old=True)

    outdated = coredns.replace_outdated(edited)

    (path,) = edited.deleted
    assert path.endswith("/namespaces/kube-system/pods?labelSelector=k8s-app%3Dkube-dns")
    assert not coredns.is_ready(edited, besides=outdated)
    edited.pods["new"] = False
    assert not coredns.is_ready(edited, besides=outdated)
    edited.pods["new"] = True
    assert coredns.is_ready(edited, besides=outdated)


def test_pods_of_coredns_stay_with_the_stock_corefile() -> None:
    stock = ClusterWithDns(coredns.COREFILE, old=True)

    assert coredns.replace_outdated(stock) == frozenset()
    assert stock.deleted == []
    assert coredns.is_ready(stock)
