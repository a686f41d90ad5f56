"""One cluster with a real node, from its start to where nothing of it is left: needs Linux, root and apt's sources."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from cloudmap_mcs.install.bundle import PYTHON_PATH
from sandbox.nodes.cgroups import ROOT as CGROUPS
from sandbox.nodes.clusters import addresses
from sandbox.nodes.entering import leave, missing
from sandbox.nodes.images import NETSHOOT
from sandbox.nodes.images_python import python_image
from sandbox.nodes.network import Network
from sandbox.pids import ProcessRecord, Recorded, is_running
from tests.e2e.waiting import eventually
from tests.sandbox.nodes.machine import leftovers, networks, pids, printed, settings
from tests.sandbox.nodes.one_cluster import CLUSTER, FAMILY, ROOT

REASON = missing(os.environ, Path(tempfile.gettempdir()))  # noqa: TID251 - a door
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(REASON is not None, reason=str(REASON))]

ITS = addresses({CLUSTER: FAMILY})[CLUSTER]


@dataclass(frozen=True)
class Lab:
    network: Network
    kubectl: tuple[str, ...]

    def run(self, *arguments: str) -> str:
        return printed(*self.kubectl, *arguments)

    def get(self, *arguments: str) -> Any:
        return json.loads(self.run("get", "-o", "json", *arguments))

    def inside(self, *command: str) -> str:
        """Run a command in the tools pod."""
        return self.run("exec", "tools", "--", *command)


@contextmanager
def running(folder: Path) -> Iterator[Lab]:
    network = Network(folder)
    network.create({CLUSTER: ITS})
    command = (*network.enter_vpc(), sys.executable, "-m", "tests.sandbox.nodes.one_cluster", str(folder))
    try:
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as cluster:
            assert cluster.stdout is not None
            line = cluster.stdout.readline()
            assert line, "the cluster did not start; what is above says why"
            told = json.loads(line)
            yield Lab(network, (*network.enter_vpc(), told["kubectl"], "--kubeconfig", told["kubeconfig"]))
        assert cluster.returncode == 0
    finally:
        assert leave(folder) == []


def first_process(node: Recorded) -> int:
    """Number of the first process in the node, as the machine counts."""
    children = Path(f"/proc/{node.pid}/task/{node.pid}/children")
    return eventually("the node has a process", lambda: next(map(int, children.read_text().split()), 0))  # type: ignore[no-any-return]  # whatever it waits for


def recorded(folder: Path, name: str) -> Recorded | None:
    return next((process for process in ProcessRecord(folder).read() if process.name == name), None)


def test_a_node_works_as_nodes_do_and_leaves_nothing_behind(tmp_path: Path) -> None:
    before = settings()

    with running(tmp_path) as lab:
        inodes = networks(lab.network)
        node = recorded(tmp_path, f"{CLUSTER}/node")
        assert node is not None
        see_the_node(lab)
        see_a_pod(lab)
        see_a_watchers_python(lab)
        see_that_kubelets_settings_are_the_nodes_own(node, before.kernel)
        assert list(CGROUPS.glob(f"**/{lab.network.name}/{CLUSTER}/kubepods"))

    assert leftovers(tmp_path, inodes) == []
    assert settings() == before


def see_the_node(lab: Lab) -> None:
    (node,) = lab.get("nodes")["items"]
    conditions = {item["type"]: item["status"] for item in node["status"]["conditions"]}
    internal = [item["address"] for item in node["status"]["addresses"] if item["type"] == "InternalIP"]

    assert conditions["Ready"] == "True"
    assert internal == [ITS.machine[family] for family in FAMILY]
    assert node["metadata"]["labels"]["topology.kubernetes.io/zone"] == "us-east-1a"
    assert node["status"]["nodeInfo"]["osImage"] != "Unknown"


def see_a_pod(lab: Lab) -> None:
    """A pod runs, `exec` gets into it, and it is told names by CoreDNS."""
    lab.run("run", "tools", f"--image={NETSHOOT.name}", "--restart=Never", "--", "sleep", "600")
    lab.run("wait", "pod/tools", "--for=condition=Ready", "--timeout=60s")
    its = [ip_address(item["ip"]) for item in lab.get("pod", "tools")["status"]["podIPs"]]
    server = lab.get("service", "kubernetes")["spec"]["clusterIP"]

    assert all(address in ip_network(cidr) for address, cidr in zip(its, ITS.pods, strict=True))
    assert lab.inside("dig", "+short", "kubernetes.default.svc.cluster.local").split() == [server]
    # The zone is CoreDNS's own: it says that there is no such name, instead of asking elsewhere or failing.
    assert "status: NXDOMAIN" in lab.inside("dig", "nothing.shop.svc.clusterset.local")
    # A Service's address leads to its endpoint: kube-proxy's work.
    ask = f"printf 'GET /version HTTP/1.0\\r\\n\\r\\n' | socat - OPENSSL:{server}:443,verify=0"
    assert '"gitVersion"' in lab.inside("sh", "-c", ask)


def see_a_watchers_python(lab: Lab) -> None:
    """The image for watchers runs Python with AWS's SDK, as nobody and without a writable root."""
    name = python_image().name
    container = {
        "name": "python",
        "image": name,
        "command": ["python3", "-c", "import boto3, ctypes, sqlite3, ssl; print(boto3.__file__)"],
        "env": [{"name": "PYTHONPATH", "value": PYTHON_PATH}],
        "securityContext": {"readOnlyRootFilesystem": True, "runAsUser": 65532, "allowPrivilegeEscalation": False},
    }
    spec = json.dumps({"spec": {"containers": [container]}})
    lab.run("run", "python", f"--image={name}", "--restart=Never", f"--overrides={spec}")
    lab.run("wait", "pod/python", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")

    assert lab.run("logs", "python").strip() == "/var/runtime/boto3/__init__.py"


def see_that_kubelets_settings_are_the_nodes_own(node: Recorded, machine: tuple[str, ...]) -> None:
    seen = Path(f"/proc/{first_process(node)}/root/proc/sys")

    assert (seen / "kernel/panic").read_text().strip() == "10"
    assert (seen / "vm/overcommit_memory").read_text().strip() == "1"
    assert settings().kernel == machine


def test_whatever_is_killed_nothing_is_left_after_down(tmp_path: Path) -> None:
    """A sandbox is killed in the middle of its start, then its node, and `down` removes the rest."""
    before = settings()
    sandbox = (sys.executable, "-m", "sandbox")
    options = ("--nodes=real", f"--cluster={CLUSTER}=dual", f"--folder={tmp_path}")
    kubelet = tmp_path / "clusters" / CLUSTER / "logs" / "kubelet.log"
    try:
        with subprocess.Popen((*sandbox, "up", *options), cwd=ROOT) as up:
            eventually("kubelet runs", lambda: up.poll() is not None or kubelet.exists(), seconds=120)
            up.kill()
        assert kubelet.exists()
        inodes = networks(Network(tmp_path))
        server, node = (recorded(tmp_path, f"{CLUSTER}/{name}") for name in ("kube-apiserver", "node"))
        assert server is not None
        assert node is not None
        inner = Path(f"/proc/{first_process(node)}/ns/pid").stat().st_ino
        assert len(pids("pid", inner)) >= len(("the first process", "containerd", "kubelet"))

        os.kill(node.pid, signal.SIGKILL)

        eventually("nothing runs in the node", lambda: not pids("pid", inner))
        assert is_running(server)
    finally:
        printed(*sandbox, "down", f"--folder={tmp_path}")

    assert leftovers(tmp_path, inodes) == []
    assert settings() == before
