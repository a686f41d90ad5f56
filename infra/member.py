"""The members: one stack per account and Region, and in it everything that each of its clusters has of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from constructs import Construct

from infra import names, shared
from infra.alarms import Alarms
from infra.importer import Importer
from infra.inbox import Inbox, listen_to_everything
from infra.resync import Resync
from infra.watcher import WatcherIdentity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aws_cdk import aws_lambda as lambda_

    from cloudmap_mcs.clusterset import Cluster, Clusterset


class MemberStack(cdk.Stack):
    """The clusters of one account and Region."""

    def __init__(
        self,
        scope: Construct,
        clusters: Sequence[Cluster],
        *,
        clusterset: Clusterset,
        code: lambda_.Code,
        **kwargs: Any,
    ) -> None:
        first = clusters[0]
        super().__init__(scope, names.member_stack(clusterset.clusterset, first.account, first.region), **kwargs)
        values = shared.shared(self, clusterset, code)
        for cluster in clusters:
            MemberCluster(self, cluster.id, values=values, cluster=cluster)


class MemberCluster(Construct):
    """One cluster's way in (inbox, importer, resync) and way out (the watcher's identity), and its alarms."""

    def __init__(self, scope: Construct, construct_id: str, *, values: shared.Shared, cluster: Cluster) -> None:
        super().__init__(scope, construct_id)
        clusterset, own = values.clusterset, values.names_of(cluster)
        inbox = Inbox(self, "Inbox", names=own, timeout_seconds=clusterset.importer.timeout_seconds)
        bus = names.bus(clusterset.clusterset)
        watcher_roles = None if clusterset.cloudtrail == "off" else values.watcher_roles
        listen_to_everything(inbox, names=own, bus=bus, watcher_roles=watcher_roles)
        importer = Importer(self, "Importer", shared=values, cluster=cluster, queue=inbox.queue)
        Resync(self, "Resync", names=own, function=importer.function, minutes=clusterset.resync_minutes)
        watcher = WatcherIdentity(self, "Watcher", shared=values, cluster=cluster)
        Alarms(self, "Alarms", names=own, inbox=inbox, function=importer.function)
        facts = {
            "cluster": cluster.id,
            "queueUrl": inbox.queue.queue_url,
            "deadLetterQueueUrl": inbox.dead_letters.queue_url,
            "importer": importer.function.function_name,
            "importerRoleArn": importer.role.role_arn,
            "watcherRoleArn": watcher.role.role_arn,
        }
        cdk.CfnOutput(
            self, "Facts", value=cdk.Stack.of(self).to_json_string(facts), description=f"Cluster {cluster.id}"
        )
