"""From the file to the stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from infra import names
from infra.hub import HubStack
from infra.member import MemberStack

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

    from cloudmap_mcs.clusterset import Cluster, Clusterset


def build(app: cdk.App, clusterset: Clusterset, code: lambda_.Code) -> list[cdk.Stack]:
    """Add the HubStack and one MemberStack per account and Region to the app; members deploy after the hub."""
    hub = HubStack(
        app,
        names.hub_stack(clusterset.clusterset),
        clusterset=clusterset,
        env=cdk.Environment(account=clusterset.hub.account, region=clusterset.hub.region),
        description=f"Clusterset {clusterset.clusterset}: Cloud Map namespace and event bus",
    )
    stacks: list[cdk.Stack] = [hub]
    for (account, region), clusters in _by_environment(clusterset).items():
        member = MemberStack(
            app,
            clusters,
            clusterset=clusterset,
            code=code,
            env=cdk.Environment(account=account, region=region),
            description=f"Clusterset {clusterset.clusterset}: {len(clusters)} cluster(s)",
        )
        member.add_stack_dependency(hub)
        stacks.append(member)
    cdk.Tags.of(app).add("cloudmap-mcs/clusterset", clusterset.clusterset)
    return stacks


def _by_environment(clusterset: Clusterset) -> dict[tuple[str, str], list[Cluster]]:
    result: dict[tuple[str, str], list[Cluster]] = {}
    for cluster in clusterset.clusters:
        result.setdefault((cluster.account, cluster.region), []).append(cluster)
    return result
