from dataclasses import replace
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path

import pytest

from sandbox.controlplane import flags
from sandbox.controlplane.nodes import is_usable, node_manifest
from sandbox.controlplane.spec import ClusterSpec, Machine, Ports, TokenWebhook
from sandbox.errors import SandboxError

SPEC = ClusterSpec(
    "a", Path("/state/a"), pod_cidrs=("10.201.0.0/16", "fd66:201::/64"), service_cidrs=("10.101.0.0/16",)
)
PORTS = Ports(1, 2, 3, 4, 5, 6)
ON_A_MACHINE = replace(SPEC, machine=Machine("a-node", address="10.66.0.11", advertised="fd66::11", enter=("nsenter",)))


@pytest.mark.parametrize("nodes", [1, 2, 3, 7, 16])
def test_nodes_share_the_pod_addresses_without_overlap(nodes: int) -> None:
    spec = replace(SPEC, nodes=nodes)

    for family in range(2):
        shares = [ip_network(spec.node_cidrs(index)[family]) for index in range(nodes)]
        whole = ip_network(SPEC.pod_cidrs[family])
        assert all(int(whole.network_address) <= int(share.network_address) for share in shares)
        assert all(int(share.broadcast_address) <= int(whole.broadcast_address) for share in shares)
        assert all(int(one.broadcast_address) < int(two.network_address) for one, two in pairwise(shares))


def test_a_pod_range_too_small_for_its_nodes_is_refused() -> None:
    with pytest.raises(SandboxError, match=r"10\.0\.0\.0/30 is too small for 2 nodes"):
        replace(SPEC, pod_cidrs=("10.0.0.0/30",), nodes=2).node_cidrs(0)


def test_nodes_are_spread_over_the_zones() -> None:
    spec = replace(SPEC, nodes=4, zones=("us-west-2a", "us-west-2b"))

    labels = [node_manifest(spec, index)["metadata"]["labels"] for index in range(4)]

    assert [label["topology.kubernetes.io/zone"][-1] for label in labels] == ["a", "b", "a", "b"]
    assert {label["topology.kubernetes.io/region"] for label in labels} == {"us-west-2"}


def test_a_node_takes_pods_once_its_first_taint_is_gone() -> None:
    node = node_manifest(SPEC, 0)
    tainted = node | {"spec": {"taints": [{"key": "node.kubernetes.io/not-ready"}]}}
    unready = node | {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}

    assert [is_usable(one) for one in (node, tainted, unready)] == [True, False, False]


def test_every_server_listens_on_loopback_only() -> None:
    addresses = {
        "etcd": [f for f in flags.etcd(SPEC, PORTS) if "-urls=" in f or f.startswith("--initial-cluster=")],
        "others": [
            f
            for command in (flags.api_server, flags.controller_manager, flags.scheduler)
            for f in command(SPEC, PORTS)
            if f.startswith("--bind-address=")
        ],
        "kwok": [f for f in flags.kwok(SPEC, PORTS, Path("/stages")) if f.startswith("--server-address=")],
    }

    assert [len(found) for found in addresses.values()] == [5, 3, 1]
    assert all("127.0.0.1" in flag for found in addresses.values() for flag in found)


def test_on_a_machine_of_its_own_every_server_listens_on_the_machines_address() -> None:
    for command in (flags.etcd, flags.controller_manager, flags.scheduler):
        listening = [f for f in command(ON_A_MACHINE, PORTS) if "-urls=" in f or f.startswith("--bind-address=")]
        assert listening
        assert all("10.66.0.11" in flag for flag in listening)
    assert f"--etcd-servers=https://10.66.0.11:{PORTS.etcd}" in flags.api_server(ON_A_MACHINE, PORTS)


def test_the_api_server_of_a_machine_takes_both_families_and_gets_to_its_kubelet() -> None:
    added = set(flags.api_server(ON_A_MACHINE, PORTS)) - set(flags.api_server(SPEC, PORTS))

    assert added == {
        f"--etcd-servers=https://10.66.0.11:{PORTS.etcd}",
        "--bind-address=::",
        "--advertise-address=fd66::11",
        "--kubelet-preferred-address-types=InternalIP",
        "--kubelet-certificate-authority=/state/a/pki/ca.crt",
        "--kubelet-client-certificate=/state/a/pki/admin.crt",
        "--kubelet-client-key=/state/a/pki/admin.key",
    }


def test_leases_are_watched_only_where_a_kubelet_renews_them() -> None:
    simulated, real = (flags.controller_manager(spec, PORTS) for spec in (SPEC, ON_A_MACHINE))

    assert "--node-monitor-grace-period=8760h" in simulated
    assert not any("node-monitor" in flag for flag in real)


def test_only_a_machines_kubernetes_service_leads_somewhere() -> None:
    assert "--endpoint-reconciler-type=none" in flags.api_server(SPEC, PORTS)
    assert "--endpoint-reconciler-type=none" not in flags.api_server(ON_A_MACHINE, PORTS)


def test_a_token_webhook_and_an_audit_log_are_there_only_on_demand() -> None:
    plain = flags.api_server(SPEC, PORTS)
    full = flags.api_server(
        replace(SPEC, audit=True, token_webhook=TokenWebhook("http://127.0.0.1:1/", cache_seconds=0.5)), PORTS
    )

    assert sorted(set(full) - set(plain)) == [
        "--audit-log-path=/state/a/audit.log",
        "--audit-policy-file=/state/a/audit-policy.yaml",
        "--authentication-token-webhook-cache-ttl=0.5s",
        "--authentication-token-webhook-config-file=/state/a/token-webhook.yaml",
        "--authentication-token-webhook-version=v1",
    ]


def test_all_state_is_below_the_folder_of_the_cluster() -> None:
    commands = (flags.etcd, flags.api_server, flags.controller_manager, flags.scheduler)
    paths = [flag.partition("=")[2] for command in commands for flag in command(SPEC, PORTS) if "=/" in flag]

    assert paths
    assert all(path.startswith("/state/a/") for path in paths)
