"""Real nodes up to where they would be started: what is written, what would run, and what is said if it fails."""

import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.controlplane.client import MERGE, KubeClient
from sandbox.controlplane.cluster import ControlPlane
from sandbox.controlplane.spec import Ports, TokenWebhook
from sandbox.errors import SandboxError
from sandbox.nodes import clusters
from sandbox.nodes.addresses import FAMILIES, Addresses
from sandbox.nodes.boot import read_boot
from sandbox.nodes.cgroups import Cgroups
from sandbox.nodes.clusters import RealNodes
from sandbox.nodes.network import Network
from sandbox.nodes.node import NodeParts, node_command
from sandbox.nodes.settings import NodeSettings
from sandbox.process import Command, Processes

WEBHOOK = TokenWebhook("http://10.66.0.1:1")
PORTS = Ports(1, 2, 3, 4, 5, 6)


@pytest.fixture
def nodes(tmp_path: Path) -> RealNodes:
    binaries = {name: tmp_path / name for name in ("kubelet", "kube-proxy")}
    return RealNodes(
        network=Network(tmp_path),
        cgroups=Cgroups("mcs", tmp_path / "cgroup"),
        parts=NodeParts(tmp_path / "rootfs", {"pause:1": tmp_path / "pause.tar"}, "coredns:1", "python:1", binaries),
        families={"east": FAMILIES["dual"], "west": FAMILIES["dual-ipv6"]},
        sources=tmp_path / "checkout",
    )


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    with Processes(tmp_path) as running:
        yield running


def test_each_cluster_has_a_machine_an_address_and_a_zone_of_its_own(nodes: RealNodes, tmp_path: Path) -> None:
    east, west = (nodes.spec(name, tmp_path / name, WEBHOOK) for name in ("east", "west"))

    assert [spec.address for spec in (east, west)] == ["10.66.0.11", "10.66.0.12"]
    assert [spec.zones for spec in (east, west)] == [("us-east-1a",), ("us-east-1b",)]
    assert east.machine is not None
    assert west.machine is not None
    assert east.machine.enter == nodes.network.enter("east") != west.machine.enter
    # Pods reach the API server in their cluster's main family.
    assert [east.machine.advertised, west.machine.advertised] == ["10.66.0.11", "fd66::12"]


def test_a_node_is_booted_alone_in_its_clusters_network_and_killed_as_a_whole(
    nodes: RealNodes, tmp_path: Path, processes: Processes
) -> None:
    spec = nodes.spec("east", tmp_path / "east", WEBHOOK)
    spec.folder.mkdir()
    plane = ControlPlane(spec, PORTS, binaries={}, processes=processes)
    settings = NodeSettings("east-node", Addresses(1, FAMILIES["dual"]), "us-east-1a", "us-east-1", "/mcs/east")

    command = node_command(plane, settings, nodes.parts, sources=nodes.sources)

    enter = nodes.network.enter("east")
    assert command.arguments[: len(enter)] == enter
    assert {"unshare", "--mount", "--pid", "--kill-child"} <= set(command.arguments)
    assert command.stop_signal == signal.SIGKILL
    assert command.environment["PYTHONPATH"] == str(nodes.sources)
    boot = read_boot(Path(command.arguments[-1]))
    assert boot.api == ("10.66.0.11", PORTS.api_server)
    assert boot.images == (str(tmp_path / "pause.tar"),)
    assert [program.name for program in boot.programs] == ["kubelet", "kube-proxy"]
    assert json.loads((spec.folder / "kubelet.yaml").read_text())["cgroupRoot"] == "/mcs/east"
    assert {path.name for path in spec.folder.iterdir()} >= {"cni.json", "containerd.toml", "resolv.conf"}


def test_a_node_that_ends_during_the_start_is_told_with_the_end_of_its_log(
    tmp_path: Path, processes: Processes
) -> None:
    script = "print('kubelet ended with status 1'); raise SystemExit(1)"
    log = tmp_path / "node.log"
    environment = {"PATH": os.defpath}
    processes.start(Command("east/node", (sys.executable, "-c", script), tmp_path, log, environment))

    with pytest.raises(SandboxError, match=re.compile("east/node ended.*kubelet ended with status 1", re.DOTALL)):
        clusters._wait_for(lambda: False, processes, "the node of east")


def test_a_node_that_never_gets_ready_is_told_with_where_its_logs_are(
    monkeypatch: pytest.MonkeyPatch, processes: Processes
) -> None:
    monkeypatch.setattr(clusters, "_READY_SECONDS", 0.0)

    with pytest.raises(SandboxError, match=r"the node of east \(/logs\) is not ready after 0 s"):
        clusters._wait_for(lambda: False, processes, "the node of east (/logs)")


def test_a_node_loses_its_zone_and_gets_it_back_so_that_its_kube_proxy_hears_of_it() -> None:
    """Only a label that differs from the last is an event for kube-proxy."""
    client = LabelledNode()

    clusters.tell_zone(client, "east-node", "us-east-1a")

    assert client.seen == [None, "us-east-1a"]


class LabelledNode(KubeClient):
    """An API server that has one node, and remembers the zones it was given."""

    def __init__(self) -> None:
        self.seen: list[str | None] = []

    def patch(self, path: str, body: dict[str, Any], *, content_type: str = MERGE) -> dict[str, Any]:
        assert (path, content_type) == ("/api/v1/nodes/east-node", MERGE)
        self.seen.append(body["metadata"]["labels"]["topology.kubernetes.io/zone"])
        return {}


@pytest.mark.parametrize(
    ("status", "are_there"),
    [
        ({}, False),
        ({"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2}, False),
        ({"observedGeneration": 2, "replicas": 3, "updatedReplicas": 2, "readyReplicas": 2}, False),
        ({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 1}, False),
        ({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2}, True),
    ],
    ids=["nothing", "older", "surge", "not-ready", "ready"],
)
def test_watchers_are_there_when_the_latest_deployment_is_rolled_out(status: dict[str, int], are_there: bool) -> None:
    client = DeployedWatcher({"metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": status})

    assert clusters._has_watchers(client) is are_there


class DeployedWatcher(KubeClient):
    """An API server that has one Deployment."""

    def __init__(self, deployment: dict[str, Any]) -> None:
        self._deployment = deployment

    def get(self, path: str) -> dict[str, Any]:
        assert path == "/apis/apps/v1/namespaces/cloudmap-mcs-system/deployments/watcher"
        return self._deployment
