"""What the cluster's CoreDNS may do beyond its own role, so that it can answer for the clusterset's zone."""

from cloudmap_mcs.install.names import MCS_GROUP, Manifest
from cloudmap_mcs.install.rbac import Grant, bind_everywhere, cluster_role

# EndpointSlices, Services and Namespaces are in CoreDNS's own role, system:coredns, whoever installed it
# (kubeadm, EKS, kops, k3s). That role is not touched: an update of the add-on would reset it.
COREDNS_GRANTS = (Grant(MCS_GROUP, "serviceimports", ("list", "watch")),)


def rights(*, account: str = "coredns", namespace: str = "kube-system") -> tuple[Manifest, ...]:
    """Return what the option `multicluster` needs, for the ServiceAccount that CoreDNS runs under.

    It goes in before the Corefile has the option, and out only when no Corefile has it any more:
    without it CoreDNS never becomes ready, and fails unknown names of the cluster itself.
    """
    name, subject = "cloudmap-mcs:coredns", {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    return (cluster_role(name, "coredns", COREDNS_GRANTS), bind_everywhere(name, "coredns", subject))
