"""The installer function of one cluster, called by CloudFormation alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from infra.customresource import serve_cloudformation, service_timeout
from infra.entries import installer_entry
from infra.environment import installer_environment
from infra.functions import BundledFunction, Wanted
from infra.grants import installer as rights
from infra.grants.functions import assuming
from infra.reaching import RANDOM_ADDON, addon_arn, in_other_account, roles
from infra.shared import eks_arn

if TYPE_CHECKING:
    from constructs import Construct

    from cloudmap_mcs.clusterset import Cluster
    from infra.shared import Shared

HANDLER = "lambdas.installer.handler.handler"
TIMEOUT_SECONDS = 900
"""Lambda's limit: a CRD or a DNS rollout may take minutes."""
SERVICE_TIMEOUT_SECONDS = service_timeout(TIMEOUT_SECONDS)
_MEMORY_MIB = 1024
"""Of which it needs little; CPU grows with it."""


class Installer(BundledFunction):
    """A function without trigger, URL or resource policy: CloudFormation invokes it in the name of whoever deploys.

    Each cluster has one of its own, because CloudFormation takes no other ServiceToken for a custom resource that is
    there: with a function per network a cluster could never change its subnets. And when a cluster is taken out, its
    role with all its rights stays until the uninstall is over; one shared role would lose them in the same update,
    before that begins.

    `entry` is None where the cluster is in another account: there the AccessStack makes it, for a role of its own.
    `parts` are all the others: with them the function can be called, and can ask EKS, but not the cluster.
    """

    def __init__(self, scope: Construct, construct_id: str, *, shared: Shared, cluster: Cluster) -> None:
        super().__init__(
            scope,
            construct_id,
            code=shared.code,
            settings=shared.clusterset.importer,
            wanted=_wanted(cdk.Stack.of(scope), shared, cluster),
        )
        serve_cloudformation(self)
        self.parts = tuple(self.node.children)
        is_own = not in_other_account(cluster)
        self.entry = installer_entry(self, "AccessEntry", cluster, role_arn=self.role.role_arn) if is_own else None


def _wanted(stack: cdk.Stack, shared: Shared, cluster: Cluster) -> Wanted:
    clusterset, names = shared.clusterset.clusterset, shared.names_of(cluster)
    if in_other_account(cluster):
        on_cluster = [assuming(roles(stack.partition, clusterset, cluster).installer.arn)]
        addon = {}
    else:
        on_cluster = [*rights.administering(cluster=eks_arn(stack, cluster), addon=addon_arn(stack, cluster))]
        addon = {addon_arn(stack, cluster): RANDOM_ADDON}
    return Wanted(
        name=names.installer,
        role_name=names.installer_role,
        description=f"Installs the clusterset {clusterset} into {cluster.id}, at CloudFormation's request",
        handler=HANDLER,
        memory_mib=_MEMORY_MIB,
        timeout_seconds=TIMEOUT_SECONDS,
        environment=installer_environment(shared),
        grants=(*rights.installer(shared.registry), *on_cluster),
        wildcards={**shared.registry.random_ids, **addon, "*": "IAM knows no resource for ListServices"},
        network=cluster.network,
    )
