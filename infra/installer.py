"""The installer functions: one per stack and network, called by CloudFormation alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from infra.customresource import serve_cloudformation, service_timeout
from infra.environment import installer_environment
from infra.functions import BundledFunction, Wanted
from infra.grants import installer as rights
from infra.grants.functions import assuming
from infra.reaching import addon_arn, in_other_account, installer_names, roles
from infra.shared import eks_arn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from constructs import Construct

    from cloudmap_mcs.clusterset import Cluster
    from infra.grants import Grant
    from infra.shared import Shared

HANDLER = "lambdas.installer.handler.handler"
TIMEOUT_SECONDS = 900
"""Lambda's limit: a CRD or a DNS rollout may take minutes."""
SERVICE_TIMEOUT_SECONDS = service_timeout(TIMEOUT_SECONDS)
_MEMORY_MIB = 1024
"""Of which it needs little; CPU grows with it."""


class Installer(BundledFunction):
    """A function without trigger, URL or resource policy.

    CloudFormation invokes it in the name of whoever deploys.
    """

    def __init__(self, scope: Construct, construct_id: str, *, shared: Shared, clusters: Sequence[Cluster]) -> None:
        super().__init__(
            scope,
            construct_id,
            code=shared.code,
            settings=shared.clusterset.importer,
            wanted=_wanted(cdk.Stack.of(scope), shared, clusters),
        )
        serve_cloudformation(self)


def installers(scope: Construct, *, shared: Shared, clusters: Iterable[Cluster]) -> Mapping[str, Installer]:
    """Make the installers that the clusters of a stack need; returned by cluster id."""
    by_network: dict[str, list[Cluster]] = {}
    for cluster in clusters:
        mark = installer_names(shared.clusterset.clusterset, cluster).network
        by_network.setdefault(mark, []).append(cluster)
    made: dict[str, Installer] = {}
    for mark, members in sorted(by_network.items()):
        installer = Installer(scope, f"Installer{mark}", shared=shared, clusters=members)
        made |= {cluster.id: installer for cluster in members}
    return made


def _wanted(stack: cdk.Stack, shared: Shared, clusters: Sequence[Cluster]) -> Wanted:
    clusterset, first = shared.clusterset.clusterset, clusters[0]
    names = installer_names(clusterset, first)
    addons = {addon_arn(stack, cluster): "the ARN of an add-on ends in a random id" for cluster in clusters}
    return Wanted(
        name=names.function,
        role_name=names.role,
        description=f"Installs the clusterset {clusterset} into clusters, at CloudFormation's request",
        handler=HANDLER,
        memory_mib=_MEMORY_MIB,
        timeout_seconds=TIMEOUT_SECONDS,
        environment=installer_environment(shared),
        grants=(*rights.installer(shared.registry), *_on_clusters(stack, clusterset, clusters)),
        wildcards={**shared.registry.random_ids, **addons, "*": "IAM knows no resource for ListServices"},
        network=first.network,
    )


def _on_clusters(stack: cdk.Stack, clusterset: str, clusters: Sequence[Cluster]) -> list[Grant]:
    """Return the rights on clusters of its own account, and the right to become the roles of others'."""
    own = [cluster for cluster in clusters if not in_other_account(cluster)]
    others = [cluster for cluster in clusters if in_other_account(cluster)]
    found: list[Grant] = []
    if own:
        eks, addons = [eks_arn(stack, cluster) for cluster in own], [addon_arn(stack, cluster) for cluster in own]
        found += rights.administering(clusters=eks, addons=addons)
    if others:
        found.append(assuming(*(roles(stack.partition, clusterset, cluster).installer.arn for cluster in others)))
    return found
