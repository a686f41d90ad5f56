"""EKS access entries: which role is whom in a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_eks as eks

if TYPE_CHECKING:
    from constructs import Construct

    from cloudmap_mcs.clusterset import Cluster

KUBERNETES_GROUP = "cloudmap-mcs:importer"
ADMINISTRATOR = "AmazonEKSClusterAdminPolicy"
"""EKS's access policy of the installer."""


def importer_entry(scope: Construct, construct_id: str, cluster: Cluster, *, role_arn: str) -> eks.CfnAccessEntry:
    """Make the importer's role a member of our Kubernetes group, which has the rights that the manifests give it."""
    return eks.CfnAccessEntry(
        scope,
        construct_id,
        cluster_name=cluster.eks,
        principal_arn=role_arn,
        type="STANDARD",
        kubernetes_groups=[KUBERNETES_GROUP],
    )


def installer_entry(scope: Construct, construct_id: str, cluster: Cluster, *, role_arn: str) -> eks.CfnAccessEntry:
    """Make the installer's role an administrator of the cluster.

    It makes ClusterRoles, and Kubernetes lets nobody give what he does not have himself.
    """
    policy_arn = f"arn:{cdk.Stack.of(scope).partition}:eks::aws:cluster-access-policy/{ADMINISTRATOR}"
    everywhere = eks.CfnAccessEntry.AccessScopeProperty(type="cluster")
    policy = eks.CfnAccessEntry.AccessPolicyProperty(policy_arn=policy_arn, access_scope=everywhere)
    return eks.CfnAccessEntry(
        scope,
        construct_id,
        cluster_name=cluster.eks,
        principal_arn=role_arn,
        type="STANDARD",
        access_policies=[policy],
    )
