"""How functions reach a cluster of another account: by which roles of that account, and what they must say.

All by name, because the two accounts' stacks see nothing of each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra import names

if TYPE_CHECKING:
    import aws_cdk as cdk

    from cloudmap_mcs.clusterset import Cluster


RANDOM_ADDON = "the ARN of an add-on ends in a random id"
"""Why the add-on's ARN has a wildcard, for cdk-nag."""


@dataclass(frozen=True, slots=True)
class AccessRole:
    """A role of the cluster's account, and the external id without which nobody becomes it."""

    arn: str
    external_id: str


@dataclass(frozen=True, slots=True)
class AccessRoles:
    """The roles that the importer and the installer of one cluster become."""

    importer: AccessRole
    installer: AccessRole


def in_other_account(cluster: Cluster) -> bool:
    """Say whether the cluster's functions run in another account than its own."""
    return cluster.functions_account != cluster.account


def roles(partition: str, clusterset: str, cluster: Cluster) -> AccessRoles:
    """Return the roles of the cluster's account; the AccessStack makes them."""
    own = names.ClusterNames(clusterset, cluster.id, cluster.region)
    external_id = names.external_id(clusterset, cluster.id)
    importer, installer = (
        AccessRole(f"arn:{partition}:iam::{cluster.account}:role/{name}", external_id)
        for name in (own.importer_access_role, own.installer_access_role)
    )
    return AccessRoles(importer, installer)


def addon_arn(stack: cdk.Stack, cluster: Cluster) -> str:
    """Return the ARN of the cluster's add-on coredns, in the stack's account and Region."""
    return stack.format_arn(service="eks", resource="addon", resource_name=f"{cluster.eks}/coredns/*")
