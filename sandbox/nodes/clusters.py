"""The clusters with real nodes of one sandbox: their specifications, their boot, their DNS."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloudmap_mcs.install.corefile import enable
from cloudmap_mcs.install.dns import rights
from sandbox.controlplane.applying import apply
from sandbox.controlplane.nodes import is_usable
from sandbox.controlplane.spec import ClusterSpec, Machine
from sandbox.errors import SandboxError
from sandbox.nodes import coredns
from sandbox.nodes.addresses import IPV4, VPC, Addresses
from sandbox.nodes.node import NodeParts, node_command
from sandbox.nodes.settings import NodeSettings
from sandbox.sandbox import REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cloudmap_mcs.install.names import Manifest
    from sandbox.controlplane.client import KubeClient
    from sandbox.controlplane.cluster import ControlPlane
    from sandbox.controlplane.spec import TokenWebhook
    from sandbox.nodes.cgroups import Cgroups
    from sandbox.nodes.network import Network
    from sandbox.process import Processes
    from sandbox.sandbox import Member

_READY_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.1
_ZONE: Final = "topology.kubernetes.io/zone"


@dataclass(frozen=True, slots=True)
class RealNodes:
    """What the clusters of one sandbox share: network, cgroups, parts; and the IP families of each."""

    network: Network
    cgroups: Cgroups
    parts: NodeParts
    families: Mapping[str, tuple[str, ...]]
    sources: Path

    def spec(self, cluster: str, folder: Path, webhook: TokenWebhook) -> ClusterSpec:
        """Describe a cluster on a machine of its own, each in another zone."""
        its = addresses(self.families)[cluster]
        machine = Machine(
            node=node_name(cluster),
            address=its.machine[IPV4],
            advertised=its.machine[its.families[0]],
            enter=self.network.enter(cluster),
        )
        return ClusterSpec(
            name=cluster,
            folder=folder,
            pod_cidrs=its.pods,
            service_cidrs=its.services,
            zones=(zone(its.number),),
            token_webhook=webhook,
            audit=True,
            machine=machine,
        )

    def boot(self, plane: ControlPlane, processes: Processes) -> None:
        """Start a cluster's node and return at once."""
        spec = plane.spec
        assert spec.machine is not None  # noqa: S101 - `spec` gave it one
        self.cgroups.create(spec.name)
        its = addresses(self.families)[spec.name]
        settings = NodeSettings(spec.machine.node, its, spec.zones[0], spec.region, self.cgroups.path(spec.name))
        processes.start(node_command(plane, settings, self.parts, sources=self.sources))

    @property
    def host(self) -> str:
        """Where what stands for AWS listens."""
        return VPC[IPV4]

    def finish(self, members: Mapping[str, Member], processes: Processes) -> None:
        """Install CoreDNS with the clusterset's zone, and return when nodes and DNS are at work.

        The CRD must be there and served: CoreDNS answers nothing at all while it cannot list ServiceImports.
        SandboxError with the log of whichever process of the sandbox ends meanwhile.
        """
        its = addresses(self.families)
        for name, member in members.items():
            apply(member.client(), dns_manifests(its[name], self.parts.coredns))
        for name, member in members.items():
            logs = Path(member.kubeconfig).parent / "logs"
            client = member.client()
            _wait_for(partial(has_node, client), processes, f"the node of {name} ({logs})")
            _wait_for(partial(_answers, client), processes, f"CoreDNS of {name} ({logs.with_name('log')}/pods)")
            tell_zone(client, node_name(name), zone(its[name].number))


def dns_manifests(its: Addresses, image: str) -> list[Manifest]:
    """Return CoreDNS with the stock Corefile as our installer's code changes it, and the rights that this takes."""
    return [*rights(), *coredns.manifests(its, image=image, corefile=enable(coredns.COREFILE))]


def tell_zone(client: KubeClient, node: str, its_zone: str) -> None:
    """Take the zone from a node and give it back, so that kube-proxy knows it beyond doubt.

    kube-proxy 1.35 learns its zone from events of its node, but may begin to listen after the first has passed
    (NodeTopologyConfig in pkg/proxy/config); it then ignores zone hints for good, as no later event differs.
    Call it when DNS answers: CoreDNS has found the API server by its Service, so kube-proxy is at work.
    """
    for label in (None, its_zone):
        client.patch(f"/api/v1/nodes/{node}", {"metadata": {"labels": {_ZONE: label}}})


def _answers(client: KubeClient) -> bool:
    deployment = client.find(f"/apis/apps/v1/namespaces/{coredns.NAMESPACE}/deployments/{coredns.NAME}") or {}
    return bool(deployment.get("status", {}).get("readyReplicas"))


def _wait_for(ready: Callable[[], bool], processes: Processes, what: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not ready():
        processes.require_running()
        if time.monotonic() > deadline:
            raise SandboxError(f"{what} is not ready after {_READY_SECONDS:g} s")
        time.sleep(_POLL_SECONDS)


def addresses(families: Mapping[str, tuple[str, ...]]) -> dict[str, Addresses]:
    """Give each cluster the addresses of its number; they are counted in their order."""
    return {name: Addresses(number, its) for number, (name, its) in enumerate(families.items(), start=1)}


def node_name(cluster: str) -> str:
    """Name the one node of a cluster."""
    return f"{cluster}-node"


def zone(number: int) -> str:
    """Return the zone of the cluster with a number; zones repeat after six, as many as the Region has."""
    return f"{REGION}{'abcdef'[(number - 1) % 6]}"


def has_node(client: KubeClient) -> bool:
    """Tell whether pods would get a node."""
    return any(is_usable(node) for node in client.get("/api/v1/nodes")["items"])
