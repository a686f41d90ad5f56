"""A cluster whose DNS is brought into one mode or another, and the texts that go with it."""

from cloudmap_mcs.domain.installation import DnsMode
from cloudmap_mcs.install.corefile_stub import stub
from cloudmap_mcs.install.rendering import parts
from cloudmap_mcs.reconcile.installing.surveying import Wanted
from tests.fakes.controllers import ADDRESS
from tests.install.corefile_texts import COREFILES
from tests.install.settings import an_install
from tests.reconcile.installing.rig import InstallRig, a_wanted, coredns

OLD = "eks/coredns:v1.11.4-eksbuild.24"
STUBBED = stub(COREFILES["eks"], [ADDRESS])
OWN = {
    "ServiceAccount clusterset-dns",
    "ClusterRole cloudmap-mcs:clusterset-dns",
    "ClusterRoleBinding cloudmap-mcs:clusterset-dns",
    "ConfigMap clusterset-dns",
    "PodDisruptionBudget clusterset-dns",
    "Service clusterset-dns",
    "Deployment clusterset-dns",
}
RIGHTS = {"ClusterRole cloudmap-mcs:coredns", "ClusterRoleBinding cloudmap-mcs:coredns"}
LONG = 1000.0


def in_mode(mode: DnsMode) -> Wanted:
    return a_wanted(dns=mode, parts=parts(an_install(dns=mode)))


STUB, MANAGED, MANUAL = map(in_mode, (DnsMode.STUB_ZONE, DnsMode.MANAGED, DnsMode.MANUAL))


def with_old_coredns() -> InstallRig:
    """A cluster with a CoreDNS that is too old to serve the zone itself."""
    rig = InstallRig()
    rig.api.add(*coredns(OLD))
    return rig
