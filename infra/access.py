"""What an account gives to functions of another one that reach a cluster of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from infra import grants, names, shared
from infra.acknowledge import acknowledge_wildcards
from infra.code import publish
from infra.entries import importer_entry, installer_entry
from infra.grants import trust
from infra.grants.importer import reaching
from infra.grants.installer import administering
from infra.reaching import RANDOM_ADDON, addon_arn, in_other_account
from infra.watcher import WatcherIdentity

if TYPE_CHECKING:
    from constructs import Construct

    from cloudmap_mcs.clusterset import Cluster, Clusterset
    from infra.code import Code, Published
    from infra.grants import Grant


class AccessStack(cdk.Stack):
    """One cluster's roles for the functions of another account, their access entries, and the watcher's identity.

    Each cluster has a stack of its own. A cluster that leaves the file takes its stack out of the app; so the roles are
    still there when the MemberStack, deployed after, uninstalls the cluster with them. Then the stack can be deleted.
    """

    def __init__(
        self, scope: Construct, cluster: Cluster, *, clusterset: Clusterset, code: Code, **kwargs: Any
    ) -> None:
        super().__init__(scope, names.access_stack(clusterset.clusterset, cluster.id), **kwargs)
        self._clusterset, self._cluster = clusterset.clusterset, cluster
        values = shared.shared(self, clusterset, code, access_to=cluster)
        own = values.names_of(cluster)
        self.published: Published | None = publish(self, code)
        eks, addon = shared.eks_arn(self, cluster), addon_arn(self, cluster)
        importer = self._role("Importer", own.importer_access_role, own.importer_role, reaching(eks))
        importer_entry(self, "ImporterEntry", cluster, role_arn=importer.role_arn)
        if clusterset.installer == "on":
            rights = administering(cluster=eks, addon=addon)
            installer = self._role("Installer", own.installer_access_role, own.installer_role, *rights)
            acknowledge_wildcards(installer, {addon: RANDOM_ADDON})
            installer_entry(self, "InstallerEntry", cluster, role_arn=installer.role_arn)
        WatcherIdentity(self, "Watcher", shared=values, cluster=cluster, published=self.published)

    def _role(self, construct_id: str, name: str, trusted: str, *rights: Grant) -> iam.Role:
        """Make a role for one role of the functions' account; that one may come later than this."""
        account = self._cluster.functions_account
        believed = trust.other_account(
            account,
            role=f"arn:{self.partition}:iam::{account}:role/{trusted}",
            external_id=names.external_id(self._clusterset, self._cluster.id),
        )
        return iam.Role(
            self,
            construct_id,
            role_name=name,
            assumed_by=believed.principal(),
            inline_policies={"cluster": grants.policy(*rights)},
        )


def access_stacks(app: cdk.App, clusterset: Clusterset, code: Code) -> dict[str, AccessStack]:
    """Add an AccessStack for each cluster whose functions run in another account; returned by cluster id.

    The MemberStack with a cluster's functions must be deployed after it.
    """
    return {
        cluster.id: AccessStack(
            app,
            cluster,
            clusterset=clusterset,
            code=code,
            env=cdk.Environment(account=cluster.account, region=cluster.region),
            description=f"Clusterset {clusterset.clusterset}: access to {cluster.id} from {cluster.functions_account}",
        )
        for cluster in clusterset.clusters
        if in_other_account(cluster)
    }
