"""From the file to the stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk

from infra import names, places
from infra.access import access_stacks
from infra.hub import HubStack
from infra.member import MemberStack

if TYPE_CHECKING:
    from cloudmap_mcs.clusterset import Clusterset
    from infra.code import Code


def build(app: cdk.App, clusterset: Clusterset, code: Code) -> list[cdk.Stack]:
    """Add the stacks to the app, in the order in which they deploy: hub, AccessStacks, MemberStacks.

    There is one MemberStack per account and Region with functions, and one AccessStack per cluster whose functions run
    in another account. No stack exports anything: they find each other by names. The clusterset is one that
    `limits.check` has nothing against.
    """
    hub = HubStack(
        app,
        names.hub_stack(clusterset.clusterset),
        clusterset=clusterset,
        code=code,
        env=cdk.Environment(account=clusterset.hub.account, region=clusterset.hub.region),
        description=f"Clusterset {clusterset.clusterset}: Cloud Map namespace and event bus",
    )
    access = access_stacks(app, clusterset, code)
    members = [
        MemberStack(
            app,
            clusters,
            clusterset=clusterset,
            code=code,
            access=access,
            env=cdk.Environment(account=place.account, region=place.region),
            description=f"Clusterset {clusterset.clusterset}: {len(clusters)} cluster(s)",
        )
        for place, clusters in places.with_functions(clusterset).items()
    ]
    for stack in (*access.values(), *members):
        stack.add_stack_dependency(hub)
    cdk.Tags.of(app).add("cloudmap-mcs/clusterset", clusterset.clusterset)
    return [hub, *access.values(), *members]
