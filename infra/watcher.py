"""Who the watcher of one cluster is in AWS: a role that only its ServiceAccount in that cluster gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_eks as eks
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import grants
from infra.acknowledge import acknowledge_wildcards
from infra.shared import eks_arn

if TYPE_CHECKING:
    from cloudmap_mcs.clusterset import Cluster
    from infra.shared import Shared

NAMESPACE = "cloudmap-mcs-system"
SERVICE_ACCOUNT = "watcher"


class WatcherIdentity(Construct):
    """Pod Identity: EKS assumes the role with session tags, and the trust policy insists on them."""

    def __init__(self, scope: Construct, construct_id: str, *, shared: Shared, cluster: Cluster) -> None:
        super().__init__(scope, construct_id)
        tags = {
            "aws:RequestTag/eks-cluster-arn": eks_arn(cdk.Stack.of(self), cluster),
            "aws:RequestTag/kubernetes-namespace": NAMESPACE,
            "aws:RequestTag/kubernetes-service-account": SERVICE_ACCOUNT,
        }
        self.role = iam.Role(
            self,
            "Role",
            role_name=shared.names_of(cluster).watcher_role,
            assumed_by=iam.SessionTagsPrincipal(
                iam.ServicePrincipal("pods.eks.amazonaws.com", conditions={"StringEquals": tags})
            ),
            inline_policies={"watcher": grants.watcher(shared.registry)},
        )
        acknowledge_wildcards(self.role, {**shared.registry.random_ids, "*": "IAM knows no resource for ListServices"})
        eks.CfnPodIdentityAssociation(
            self,
            "Association",
            cluster_name=cluster.eks,
            namespace=NAMESPACE,
            service_account=SERVICE_ACCOUNT,
            role_arn=self.role.role_arn,
        )
