"""What every construct of a member's stack is given: the file, the hub's names and ARNs, the bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import aws_ssm as ssm

from infra import arns, names
from infra.code import function_code
from infra.namespace import NamespaceLookup

if TYPE_CHECKING:
    import aws_cdk as cdk

    from cloudmap_mcs.clusterset import Cluster, Clusterset
    from infra.code import Code, FunctionCode
    from infra.grants import Registry


@dataclass(frozen=True, slots=True)
class Shared:
    """Values that are the same for all clusters of a stack.

    `namespace_id` is the namespace's id in the hub's account and Region and its ARN everywhere else: another account
    can name it by that only. `watcher_roles` are wildcards for the ARNs of all watchers' roles of the clusterset, None
    where nobody looks for other writers (`cloudtrail: off`).
    """

    clusterset: Clusterset
    namespace_id: str
    registry: Registry
    watcher_roles: tuple[str, ...] | None
    code: FunctionCode

    @property
    def resync_seconds(self) -> int:
        return 60 * self.clusterset.resync_minutes

    def names_of(self, cluster: Cluster) -> names.ClusterNames:
        return names.ClusterNames(self.clusterset.clusterset, cluster.id, cluster.region)


def shared(stack: cdk.Stack, clusterset: Clusterset, code: Code, *, access_to: Cluster | None = None) -> Shared:
    """Gather the values for a stack, once; the namespace's id or ARN is found at deploy time.

    In the hub's account and Region the id is in a parameter; elsewhere a function of the stack's own looks for the
    namespace. `access_to` is the cluster of an AccessStack, None in a MemberStack.
    """
    functions = function_code(code)
    if arns.is_at_hub(stack, clusterset):
        parameter = names.namespace_parameter(clusterset.clusterset)
        namespace = ssm.StringParameter.value_for_string_parameter(stack, parameter)
    else:
        own = names.finder(clusterset.clusterset, stack.region, access_to.id if access_to else None)
        namespace = NamespaceLookup(stack, "Namespace", clusterset=clusterset, code=functions, names=own).arn
    registry = arns.registry(stack, clusterset, namespace)
    return Shared(clusterset, namespace, registry, arns.lawful_writers(stack, clusterset), functions)


def eks_arn(stack: cdk.Stack, cluster: Cluster) -> str:
    return stack.format_arn(service="eks", resource="cluster", resource_name=cluster.eks)
