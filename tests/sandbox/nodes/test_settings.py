import tomllib
from typing import Any

import pytest

from sandbox.nodes import settings
from sandbox.nodes.addresses import FAMILIES, VPC, Addresses
from sandbox.nodes.settings import NodeSettings


def a_node(families: str) -> NodeSettings:
    return NodeSettings("east-node", Addresses(1, FAMILIES[families]), "us-east-1a", "us-east-1", "/mcs/east")


def flags(node: NodeSettings) -> dict[str, str]:
    return dict(flag.removeprefix("--").split("=", 1) for flag in settings.kubelet_flags(node))


@pytest.mark.parametrize(
    ("families", "node_ip", "dns", "pods"),
    [
        ("ipv4", "10.66.0.11", "10.101.0.10", "10.201.0.0/16"),
        ("ipv6", "fd66::11", "fd66:101::a", "fd66:201::/64"),
        ("dual", "10.66.0.11,fd66::11", "10.101.0.10", "10.201.0.0/16,fd66:201::/64"),
        ("dual-ipv6", "fd66::11,10.66.0.11", "fd66:101::a", "fd66:201::/64,10.201.0.0/16"),
    ],
)
def test_every_program_is_told_the_families_in_the_clusters_order(
    families: str, node_ip: str, dns: str, pods: str
) -> None:
    node = a_node(families)

    assert flags(node)["node-ip"] == node_ip
    assert settings.kubelet(node)["clusterDNS"] == [dns]
    assert settings.resolv_conf(node.addresses) == f"nameserver {VPC[FAMILIES[families][0]]}\n"
    assert settings.kube_proxy(node)["clusterCIDR"] == pods


@pytest.mark.parametrize(
    ("families", "ranges", "routes"),
    [
        ("ipv4", ["10.201.0.0/16"], ["0.0.0.0/0"]),
        ("ipv6", ["fd66:201::/64"], ["::/0"]),
        ("dual", ["10.201.0.0/16", "fd66:201::/64"], ["0.0.0.0/0", "::/0"]),
    ],
)
def test_a_pod_gets_an_address_and_a_way_out_for_each_family(
    families: str, ranges: list[str], routes: list[str]
) -> None:
    plugin: dict[str, Any] = settings.cni(a_node(families).addresses)["plugins"][0]

    assert [subnet["subnet"] for (subnet,) in plugin["ipam"]["ranges"]] == ranges
    assert [route["dst"] for route in plugin["ipam"]["routes"]] == routes
    assert plugin["ipMasq"] is False


def test_a_node_says_where_it_is() -> None:
    found = flags(a_node("ipv4"))

    assert found["node-labels"] == "topology.kubernetes.io/zone=us-east-1a,topology.kubernetes.io/region=us-east-1"
    assert found["hostname-override"] == settings.kube_proxy(a_node("ipv4"))["hostnameOverride"] == "east-node"


def test_pods_stay_below_the_clusters_own_cgroup() -> None:
    assert settings.kubelet(a_node("ipv4"))["cgroupRoot"] == "/mcs/east"


def test_kubelet_and_containerd_mean_the_same_socket_and_sandbox_image() -> None:
    runtime = tomllib.loads(settings.containerd())

    assert settings.kubelet(a_node("ipv4"))["containerRuntimeEndpoint"] == f"unix://{runtime['grpc']['address']}"
    assert runtime["plugins"]["io.containerd.grpc.v1.cri"]["sandbox_image"] == settings.PAUSE


def test_the_machines_connection_tracking_is_left_as_it_is() -> None:
    assert set(settings.kube_proxy(a_node("ipv4"))["conntrack"].values()) == {0, "0s"}
