"""What the installer function of one cluster may do in AWS; in the cluster its access entry makes it administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.grants.statements import EVERYTHING, Grant

if TYPE_CHECKING:
    from infra.grants.statements import Registry


def installer(registry: Registry) -> tuple[Grant, ...]:
    """Return the rights to take a leaving cluster's records out of the registry; those on it are `administering`."""
    return (
        Grant(
            on="the namespace and its services",
            rights={"servicediscovery:GetOperation": "the end of a deregistration"},
            resources=(registry.namespace, registry.services),
        ),
        Grant(
            on="the namespace's services",
            rights={
                "servicediscovery:DeleteService": "a service that is empty without the cluster's records",
                "servicediscovery:DeregisterInstance": "the records of a cluster that leaves",
                "servicediscovery:GetInstance": "whose the cluster id is, before anything is done in its name",
                "servicediscovery:ListInstances": "the records of a cluster that leaves",
            },
            resources=(registry.services,),
        ),
        Grant(
            on="the namespace",
            rights={"servicediscovery:GetNamespace": "whether the namespace of a cluster that leaves is still there"},
            resources=(registry.namespace,),
        ),
        Grant(
            on="everything",
            rights={"servicediscovery:ListServices": "all services of the namespace; IAM knows no resource for it"},
            resources=(EVERYTHING,),
        ),
    )


def administering(*, cluster: str, addon: str) -> tuple[Grant, ...]:
    """Return the rights on an EKS cluster and its add-on `coredns`, by their ARNs."""
    return (
        Grant(
            on="its EKS cluster",
            rights={
                "eks:DescribeCluster": "the address of the API server, and what the preflight looks at",
                "eks:ListAddons": "whether CoreDNS and the Pod Identity agent are add-ons of EKS",
            },
            resources=(cluster,),
        ),
        Grant(
            on="the add-on coredns of its EKS cluster",
            rights={
                "eks:DescribeAddon": "the version and the configuration of CoreDNS",
                "eks:UpdateAddon": "the edit of the Corefile (dns: managed)",
            },
            resources=(addon,),
        ),
        Grant(
            on="its EKS cluster and the add-on coredns",
            rights={"eks:DescribeUpdate": "the end of an update of the add-on"},
            resources=(cluster, addon),
        ),
    )
