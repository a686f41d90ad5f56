"""The clusters with real nodes of one sandbox: their specifications, their boot, their DNS."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cloudmap_mcs.install.names import SYSTEM_NAMESPACE, WATCHER
from sandbox.controlplane.applying import apply
from sandbox.controlplane.nodes import is_usable
from sandbox.controlplane.spec import ClusterSpec, Machine
from sandbox.errors import SandboxError
from sandbox.nodes import coredns
from sandbox.nodes.addresses import IPV4, VPC, Addresses
from sandbox.nodes.identity import agent_command, listens, relay_command, webhook_manifest
from sandbox.nodes.node import NodeParts, node_command
from sandbox.nodes.settings import NodeSettings
from sandbox.sandbox import REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.aws.server import LocalAws
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

    @property
    def base_image(self) -> str:
        """Name of the image in every node that runs a watcher's bundle: `watcher.base_image` of clusterset.yaml."""
        return self.parts.python

    def prepare(self, members: Mapping[str, Member], aws: LocalAws, processes: Processes) -> None:
        """Give clusters what EKS's own have from the start: CoreDNS, and Pod Identity with its agent and webhook.

        Call it before anything is deployed into them. Pods of ServiceAccounts that have a Pod Identity association
        then get credentials, and the variables by which they find `aws` in place of AWS.
        SandboxError with the log of a process that does not start.
        """
        its = addresses(self.families)
        if any(IPV4 not in its[name].families for name in members):
            processes.start(relay_command(aws, folder=self.network.folder, sources=self.sources))
        agents = {
            name: processes.start(
                agent_command(
                    member,
                    its[name],
                    aws.at(member.account, member.region),
                    enter=self.network.enter(name),
                    sources=self.sources,
                )
            )
            for name, member in members.items()
        }
        for name, member in members.items():
            apply(member.client(), coredns.manifests(its[name], image=self.parts.coredns))
            agents[name].wait_until(partial(listens, its[name]), timeout=_READY_SECONDS)
            apply(member.client(), [webhook_manifest(its[name], ca=member.ca)])

    def finish(self, members: Mapping[str, Member], processes: Processes) -> None:
        """Return when nodes and DNS are at work, DNS with what has become of its Corefile since `prepare`.

        CoreDNS notices an edit by itself, but may take 45 s; here its Pods are made anew.
        SandboxError with the log of whichever process of the sandbox ends meanwhile.
        """
        its = addresses(self.families)
        outdated = {}
        for name, member in members.items():
            logs = Path(member.kubeconfig).parent / "logs"
            _wait_for(partial(has_node, member.client()), processes, f"the node of {name} ({logs})")
            outdated[name] = coredns.replace_outdated(member.client())
        for name, member in members.items():
            client, logs = member.client(), Path(member.kubeconfig).parent / "log" / "pods"
            answers = partial(coredns.is_ready, client, besides=outdated[name])
            _wait_for(answers, processes, f"CoreDNS of {name} ({logs})")
            tell_zone(client, node_name(name), zone(its[name].number))

    def wait_for_watchers(self, members: Mapping[str, Member], processes: Processes) -> None:
        """Return when every replica of every watcher that was installed is ready; SandboxError as from `finish`."""
        for name, member in members.items():
            logs = Path(member.kubeconfig).parent / "log" / "pods"
            _wait_for(partial(_has_watchers, member.client()), processes, f"the watcher of {name} ({logs})")


def tell_zone(client: KubeClient, node: str, its_zone: str) -> None:
    """Take the zone from a node and give it back, so that kube-proxy knows it beyond doubt.

    kube-proxy 1.35 learns its zone from events of its node, but may begin to listen after the first has passed
    (NodeTopologyConfig in pkg/proxy/config); it then ignores zone hints for good, as no later event differs.
    Call it when DNS answers: CoreDNS has found the API server by its Service, so kube-proxy is at work.
    """
    for label in (None, its_zone):
        client.patch(f"/api/v1/nodes/{node}", {"metadata": {"labels": {_ZONE: label}}})


def _has_watchers(client: KubeClient) -> bool:
    deployment = client.get(f"/apis/apps/v1/namespaces/{SYSTEM_NAMESPACE}/deployments/{WATCHER}")
    wanted, status = deployment["spec"]["replicas"], deployment.get("status", {})
    is_seen = status.get("observedGeneration") == deployment["metadata"]["generation"]
    return is_seen and all(status.get(name, 0) == wanted for name in ("replicas", "updatedReplicas", "readyReplicas"))


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
