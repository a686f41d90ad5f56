"""All that an installer has to know of CoreDNS, whichever way the clusterset's zone is to be answered.

The functions are what `reconcile.installing.naming.DnsRules` asks for: a door hands in this module.
"""

from collections.abc import Sequence

from cloudmap_mcs.domain.installation import Reference, reference
from cloudmap_mcs.install import corefile as plugin
from cloudmap_mcs.install import corefile_stub
from cloudmap_mcs.install.names import MCS_GROUP, Manifest
from cloudmap_mcs.install.rbac import Grant, bind_everywhere, cluster_role
from cloudmap_mcs.install.stub_zone import StubZone, stub_zone_manifests

# EndpointSlices, Services and Namespaces are in CoreDNS's own role, system:coredns, whoever installed it
# (kubeadm, EKS, kops, k3s). That role is not touched: an update of the add-on would reset it.
COREDNS_GRANTS = (Grant(MCS_GROUP, "serviceimports", ("list", "watch"), "the names of the zone, and their addresses"),)


def rights(*, account: str = "coredns", namespace: str = "kube-system") -> tuple[Manifest, ...]:
    """Return what the option `multicluster` needs, for the ServiceAccount that CoreDNS runs under.

    It goes in before the Corefile has the option, and out only when no Corefile has it any more:
    without it CoreDNS never becomes ready, and fails unknown names of the cluster itself.
    """
    name, subject = "cloudmap-mcs:coredns", {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    return (cluster_role(name, "coredns", COREDNS_GRANTS), bind_everywhere(name, "coredns", subject))


def own_dns() -> tuple[Reference, ...]:
    """Name the objects that a CoreDNS of our own consists of, in the order in which they go in."""
    return tuple(map(reference, stub_zone_manifests(StubZone())))


def supports_multicluster(version: str) -> bool:
    """Say whether a CoreDNS can serve the zone itself; PermanentError if the version is no release."""
    return plugin.supports_multicluster(version)


def is_served(corefile: str) -> bool:
    """Say whether the cluster's CoreDNS serves the zone itself, by our edit or by hand."""
    return plugin.is_enabled(corefile)


def is_forwarded(corefile: str, addresses: Sequence[str]) -> bool:
    """Say whether it forwards the zone to these addresses, by our edit or by hand."""
    return corefile_stub.is_stubbed(corefile, addresses)


def has_server(corefile: str) -> bool:
    """Say whether the Corefile has a server for the zone, whoever wrote it and whatever it does."""
    return corefile_stub.has_server(corefile)


def served(corefile: str) -> str:
    """Return the Corefile in which the cluster's CoreDNS serves the zone itself, without our other edit."""
    return plugin.enable(corefile_stub.unstub(corefile))


def forwarded(corefile: str, addresses: Sequence[str]) -> str:
    """Return the Corefile in which it forwards the zone to these addresses, without our other edit."""
    return corefile_stub.stub(plugin.disable(corefile), addresses)


def untouched(corefile: str) -> str:
    """Return the Corefile without any edit of ours; all of these raise CorefileError for one they cannot edit."""
    return plugin.disable(corefile_stub.unstub(corefile))
