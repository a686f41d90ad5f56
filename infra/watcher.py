"""Who the watcher of one cluster is in AWS: a role that only its ServiceAccount in that cluster gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_eks as eks
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import grants
from infra.acknowledge import acknowledge_wildcards
from infra.grants import trust
from infra.grants import watcher as rights
from infra.shared import eks_arn

if TYPE_CHECKING:
    from cloudmap_mcs.clusterset import Cluster
    from infra.code import Published
    from infra.shared import Shared

NAMESPACE = "cloudmap-mcs-system"
SERVICE_ACCOUNT = "watcher"


class WatcherIdentity(Construct):
    """A role in the cluster's account, which the stack must be in, and EKS's word for whose it is.

    With Pod Identity EKS assumes the role with session tags, and the trust policy insists on them. With IRSA the
    cluster's OIDC provider speaks for the ServiceAccount; the provider is there already, as `eksctl` or IAM made it.
    `association` is None then.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        shared: Shared,
        cluster: Cluster,
        published: Published | None,
    ) -> None:
        super().__init__(scope, construct_id)
        stack, registry = cdk.Stack.of(self), shared.registry
        fetching = (rights.fetching(published.objects(stack)),) if published else ()
        self.role = iam.Role(
            self,
            "Role",
            role_name=shared.names_of(cluster).watcher_role,
            assumed_by=_trust(stack, cluster).principal(),
            inline_policies={"watcher": grants.policy(*rights.watcher(registry), *fetching)},
        )
        acknowledge_wildcards(self.role, {**registry.random_ids, "*": "IAM knows no resource for ListServices"})
        self.association = None if cluster.oidc_issuer else self._association(cluster)

    def _association(self, cluster: Cluster) -> eks.CfnPodIdentityAssociation:
        return eks.CfnPodIdentityAssociation(
            self,
            "Association",
            cluster_name=cluster.eks,
            namespace=NAMESPACE,
            service_account=SERVICE_ACCOUNT,
            role_arn=self.role.role_arn,
        )


def _trust(stack: cdk.Stack, cluster: Cluster) -> trust.Trust:
    account = trust.ServiceAccount(NAMESPACE, SERVICE_ACCOUNT)
    if not cluster.oidc_issuer:
        return trust.pod_identity(account, cluster=eks_arn(stack, cluster))
    issuer = cluster.oidc_issuer.removeprefix("https://")
    provider = stack.format_arn(service="iam", region="", resource="oidc-provider", resource_name=issuer)
    return trust.web_identity(account, provider=provider, issuer=issuer)
