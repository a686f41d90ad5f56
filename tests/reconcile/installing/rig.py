"""One cluster to install into, with the CoreDNS of EKS, and an installer for it."""

from dataclasses import dataclass, field
from typing import Any

from cloudmap_mcs.domain.installation import DnsMode, Manifest
from cloudmap_mcs.domain.model import ClusterId
from cloudmap_mcs.domain.preflight import Hosting
from cloudmap_mcs.install import dns
from cloudmap_mcs.install.rendering import parts
from cloudmap_mcs.kube.installing import KubeObjects
from cloudmap_mcs.ports import Member
from cloudmap_mcs.reconcile.installing.coredns import DnsAddon
from cloudmap_mcs.reconcile.installing.installer import Installed, Installer
from cloudmap_mcs.reconcile.installing.naming import ClusterDns
from cloudmap_mcs.reconcile.installing.patience import Patience
from cloudmap_mcs.reconcile.installing.surveying import Wanted
from tests.fakes.api_server import InMemoryApiServer
from tests.fakes.clock import FixedClock
from tests.install.corefile_texts import COREFILES
from tests.install.settings import an_install

EKS = Hosting(
    name="prod-east", authentication_mode="API", version="1.34", addons=frozenset({"eks-pod-identity-agent", "vpc-cni"})
)
MINUTE = 60.0


@dataclass
class MembersInMemory:
    owners: dict[str, str] = field(default_factory=dict)
    failure: Exception | None = None

    def read_member(self, cluster: ClusterId) -> Member | None:
        if self.failure:
            raise self.failure
        owner = self.owners.get(cluster)
        return Member(cluster, owner, "0.1.0", (1,), 0, frozenset()) if owner else None


@dataclass
class InstallRig:
    api: InMemoryApiServer = field(default_factory=InMemoryApiServer)
    clock: FixedClock = field(default_factory=FixedClock)
    members: MembersInMemory = field(default_factory=MembersInMemory)
    addon: DnsAddon | None = None

    def __post_init__(self) -> None:
        self.api.add(*coredns())

    @property
    def owner(self) -> str:
        return str(self.seen("Namespace", "kube-system")["metadata"]["uid"])

    @property
    def corefile(self) -> str:
        return str(self.seen("ConfigMap", "coredns", "kube-system")["data"]["Corefile"])

    def seen(self, kind: str, name: str, namespace: str = "") -> Manifest:
        found = self.api.raw(kind, name, namespace)
        assert found is not None, f"{kind} {name}"
        return found

    def installer(self, seconds: float = MINUTE) -> Installer:
        objects = KubeObjects(self.api, self.clock)
        patience = Patience(self.clock, self.clock.ms + int(seconds * 1000))
        return Installer(objects, self.members, ClusterDns(objects, dns, patience, self.addon), patience)

    def install(self, wanted: Wanted | None = None, *, hosting: Hosting = EKS, seconds: float = MINUTE) -> Installed:
        self.api.calls.clear()
        installer, wanted = self.installer(seconds), wanted or a_wanted()
        return installer.bring_in(wanted, installer.approve(wanted, hosting))

    def uninstall(self, wanted: Wanted | None = None, *, seconds: float = MINUTE) -> Installed:
        self.api.calls.clear()
        return self.installer(seconds).uninstall(wanted or a_wanted())


def a_wanted(**changes: Any) -> Wanted:
    defaults: dict[str, Any] = {"cluster": "east", "parts": parts(an_install()), "dns": DnsMode.MANAGED}
    return Wanted(**defaults | changes)


def coredns(image: str = "eks/coredns:v1.12.4-eksbuild.1", *, text: str = COREFILES["eks"]) -> tuple[Manifest, ...]:
    metadata = {"name": "coredns", "namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}}
    pod = {
        "serviceAccountName": "coredns",
        "containers": [{"name": "coredns", "image": f"602401143452.dkr.ecr.eu-central-1.amazonaws.com/{image}"}],
        "volumes": [{"name": "config-volume", "configMap": {"name": "coredns"}}],
    }
    return (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"Corefile": text}},
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {"replicas": 2, "template": {"spec": pod}},
        },
    )
