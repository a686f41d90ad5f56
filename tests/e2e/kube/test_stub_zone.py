"""A CoreDNS of our own on a real API server: its objects, its rights, and a real CoreDNS that has no others."""

import base64
import json
import os
import socket
import struct
import urllib.request
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from random import SystemRandom
from typing import Any

import pytest
from rich.console import Console

from cloudmap_mcs.clock import SystemClock
from cloudmap_mcs.domain.installation import DnsMode, reference
from cloudmap_mcs.install import dns
from cloudmap_mcs.install.corefile_stub import stub
from cloudmap_mcs.install.names import SYSTEM_NAMESPACE
from cloudmap_mcs.install.stub_zone import COREFILE, NAME, StubZone, stub_zone_manifests
from cloudmap_mcs.kube.access import ApiServer
from cloudmap_mcs.kube.client import KubeClient
from cloudmap_mcs.kube.installing import KubeObjects
from cloudmap_mcs.reconcile.installing.naming import ClusterDns
from cloudmap_mcs.reconcile.installing.patience import Patience
from sandbox.binaries.building import build
from sandbox.binaries.progress import Progress
from sandbox.controlplane.applying import apply
from sandbox.controlplane.client import KubeClient as Bystander
from sandbox.controlplane.credentials import Grant, request_token
from sandbox.process import Command, Processes, free_ports
from tests.e2e.kube.lab import MCS
from tests.e2e.waiting import eventually
from tests.install.corefile_texts import COREFILES, STOCK_EKS_ENABLED

pytestmark = pytest.mark.e2e

SYSTEM = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {
        "name": SYSTEM_NAMESPACE,
        "labels": {
            "app.kubernetes.io/managed-by": "cloudmap-mcs",
            "pod-security.kubernetes.io/enforce": "restricted",
        },
    },
}
COREDNS = {"name": "coredns", "namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}}
SERVICE = f"/api/v1/namespaces/{SYSTEM_NAMESPACE}/services/{NAME}"
CONFIG = "/api/v1/namespaces/kube-system/configmaps/coredns"
NO_ERROR, NO_SUCH_NAME, REFUSED = 0, 3, 5


@pytest.fixture
def old_coredns(bystander: Bystander) -> Iterator[None]:
    """Give the cluster a CoreDNS without the option, as EKS 1.32 has it; no Pod of it is needed here."""
    container = {"name": "coredns", "image": "registry.example/eks/coredns:v1.11.4-eksbuild.24"}
    volume = {"name": "config", "configMap": {"name": "coredns"}}
    labels = {"k8s-app": "kube-dns"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], "volumes": [volume]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    data = {"Corefile": COREFILES["eks"]}
    apply(bystander, [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": COREDNS, "data": data}])
    apply(bystander, [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": COREDNS, "spec": spec}])
    yield
    bystander.delete("/apis/apps/v1/namespaces/kube-system/deployments/coredns")
    bystander.delete(CONFIG)


@pytest.fixture
def cluster_dns(client: KubeClient, bystander: Bystander, old_coredns: None) -> Iterator[ClusterDns]:
    del old_coredns
    apply(bystander, [SYSTEM])
    clock = SystemClock()
    objects, patience = KubeObjects(client, clock), Patience(clock, clock.now_ms() + 120_000)
    cluster_dns = ClusterDns(objects, dns, patience, settle_seconds=1.0)
    yield cluster_dns
    cluster_dns.turn_off()


def corefile(bystander: Bystander) -> str:
    return str(bystander.get(CONFIG)["data"]["Corefile"])


def test_modes_follow_one_another_and_leave_nothing(
    cluster_dns: ClusterDns, client: KubeClient, bystander: Bystander
) -> None:
    objects, own = KubeObjects(client, SystemClock()), stub_zone_manifests(StubZone())

    assert cluster_dns.turn_on(DnsMode.STUB_ZONE, own) == ()
    address = bystander.get(SERVICE)["spec"]["clusterIP"]
    assert corefile(bystander) == stub(COREFILES["eks"], [address])
    versions = [objects.find(reference(manifest)) for manifest in own]
    assert cluster_dns.turn_on(DnsMode.STUB_ZONE, own) == ()
    for before in versions:
        assert before is not None
        after = objects.find(reference(before))
        assert after is not None
        assert after["metadata"].get("generation") == before["metadata"].get("generation")
        assert after.get("spec") == before.get("spec")

    cluster_dns.turn_on(DnsMode.MANAGED)
    assert corefile(bystander) == STOCK_EKS_ENABLED
    eventually("ours is gone", lambda: not any(map(objects.find, dns.own_dns())))

    cluster_dns.turn_on(DnsMode.STUB_ZONE, own)
    assert cluster_dns.turn_off() is None
    assert corefile(bystander) == COREFILES["eks"]
    eventually("all is gone", lambda: not any(map(objects.find, [*dns.own_dns(), *map(reference, dns.rights())])))


def test_another_image_is_rolled_out_before_the_install_is_done(cluster_dns: ClusterDns, bystander: Bystander) -> None:
    cluster_dns.turn_on(DnsMode.STUB_ZONE, stub_zone_manifests(StubZone()))
    cluster_dns.turn_on(DnsMode.STUB_ZONE, stub_zone_manifests(StubZone(image="mirror.example/coredns:v1.14.0")))

    selector = f"app.kubernetes.io/component={NAME}"
    pods = bystander.get(f"/api/v1/namespaces/{SYSTEM_NAMESPACE}/pods?labelSelector={selector}")["items"]
    standing = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]
    assert {pod["spec"]["containers"][0]["image"] for pod in standing} == {"mirror.example/coredns:v1.14.0"}


def test_a_real_coredns_becomes_ready_and_answers_with_these_rights_and_no_others(
    tmp_path: Path, server: ApiServer, bystander: Bystander, namespace: str, cluster_dns: ClusterDns
) -> None:
    cluster_dns.turn_on(DnsMode.STUB_ZONE, stub_zone_manifests(StubZone()))
    bystander.create(f"{MCS}/namespaces/{namespace}/serviceimports", an_import_in(namespace))
    port, *others = free_ports(4, SystemRandom())
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        json.dumps(a_kubeconfig(server, request_token(bystander, Grant(SYSTEM_NAMESPACE, NAME)).value))
    )
    (tmp_path / "Corefile").write_text(outside_of_a_pod(kubeconfig, port, others))
    command = Command(
        NAME,
        (str(coredns_program()), "-conf", str(tmp_path / "Corefile")),
        folder=tmp_path,
        log=tmp_path / "log",
        environment={},
    )

    with Processes(tmp_path / "processes") as processes:
        child = processes.start(command)
        child.wait_until(lambda: is_ready(others[1]), timeout=30)
        eventually("it listens", lambda: ask(port, "clusterset.local"))

        assert ask(port, f"web.{namespace}.svc.clusterset.local") == (NO_ERROR, "10.101.200.7")
        assert ask(port, f"absent.{namespace}.svc.clusterset.local") == (NO_SUCH_NAME, "")
        assert ask(port, "kubernetes.default.svc.cluster.local") == (REFUSED, "")


def an_import_in(namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "multicluster.x-k8s.io/v1beta1",
        "kind": "ServiceImport",
        "metadata": {"namespace": namespace, "name": "web"},
        "spec": {"type": "ClusterSetIP", "ips": ["10.101.200.7"], "ports": [{"port": 80, "protocol": "TCP"}]},
    }


def a_kubeconfig(server: ApiServer, token: str) -> dict[str, Any]:
    ca = base64.b64encode(server.ca.encode()).decode()
    cluster = {"server": server.url, "certificate-authority-data": ca}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "here", "cluster": cluster}],
        "users": [{"name": NAME, "user": {"token": token}}],
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": NAME}}],
        "current-context": "here",
    }


def outside_of_a_pod(kubeconfig: Path, port: int, others: list[int]) -> str:
    """The Corefile as we ship it, on free ports, and with what a Pod finds by itself."""
    text = COREFILE
    for shipped, free in zip((1053, 8080, 8181, 9153), (port, *others), strict=True):
        text = text.replace(f":{shipped}", f":{free}")
    plugin = "kubernetes clusterset.local {"
    return text.replace(plugin, f"{plugin}\n        kubeconfig {kubeconfig}")


def coredns_program() -> Path:
    return build(("coredns",), environ=os.environ, progress=Progress(Console()))["coredns"]  # noqa: TID251 - a door


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=1) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


def ask(port: int, name: str) -> tuple[int, str] | None:
    """Ask for an A record over UDP; the answer's code and its only address, None if there is no answer."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    question = struct.pack(">6H", 1, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(2)
        asking.sendto(question, ("127.0.0.1", port))
        try:
            answer = asking.recv(512)
        except TimeoutError:
            return None
    count = struct.unpack(">H", answer[6:8])[0]
    return answer[3] & 0x0F, socket.inet_ntoa(answer[-4:]) if count else ""
