"""What every construct of a member stack is given: the file, the hub's names and ARNs, the bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_ssm as ssm

from infra import names
from infra.grants import Registry

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

    from cloudmap_mcs.clusterset import Cluster, Clusterset


@dataclass(frozen=True, slots=True)
class Shared:
    """Values that are the same for all clusters of a stack; `watcher_roles` is a wildcard for their watchers' ARNs."""

    clusterset: Clusterset
    namespace_id: str
    registry: Registry
    watcher_roles: str
    code: lambda_.Code

    @property
    def resync_seconds(self) -> int:
        return 60 * self.clusterset.resync_minutes

    def names_of(self, cluster: Cluster) -> names.ClusterNames:
        return names.ClusterNames(self.clusterset.clusterset, cluster.id, cluster.region)


def shared(stack: cdk.Stack, clusterset: Clusterset, code: lambda_.Code) -> Shared:
    """Gather the values for a stack in the hub's account and Region; the namespace's id is read at deploy time."""
    parameter = names.namespace_parameter(clusterset.clusterset)
    namespace_id = ssm.StringParameter.value_for_string_parameter(stack, parameter)

    def arn(service: str, resource: str, name: str) -> str:
        return stack.format_arn(service=service, resource=resource, resource_name=name)

    registry = Registry(
        namespace=arn("servicediscovery", "namespace", namespace_id),
        services=arn("servicediscovery", "service", "*"),
        bus=arn("events", "event-bus", names.bus(clusterset.clusterset)),
    )
    role = names.watcher_roles(clusterset.clusterset, stack.region)
    watcher_roles = stack.format_arn(service="iam", region="", resource="role", resource_name=role)
    return Shared(clusterset, namespace_id, registry, watcher_roles, code)


def eks_arn(stack: cdk.Stack, cluster: Cluster) -> str:
    return stack.format_arn(service="eks", resource="cluster", resource_name=cluster.eks)
