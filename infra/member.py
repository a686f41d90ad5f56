"""The members: one stack per account and Region of functions, and in it all that each of their clusters has there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from constructs import Construct

from infra import arns, forwarding, names, shared
from infra.alarms import Alarms
from infra.code import publish
from infra.importer import Importer
from infra.inbox import Inbox, listen_to_everything
from infra.installation import Installation, Look, properties
from infra.installer import Installer
from infra.reaching import in_other_account
from infra.resync import Resync
from infra.watcher import WatcherIdentity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudmap_mcs.clusterset import Cluster, Clusterset
    from infra.access import AccessStack
    from infra.code import Code, Published
    from infra.forwarding import Inlet


class MemberStack(cdk.Stack):
    """The clusters whose functions run in one account and Region.

    `access` has the AccessStacks of clusters of other accounts, by cluster id; this stack is deployed after them.
    """

    def __init__(
        self,
        scope: Construct,
        clusters: Sequence[Cluster],
        *,
        clusterset: Clusterset,
        code: Code,
        access: Mapping[str, AccessStack],
        **kwargs: Any,
    ) -> None:
        first = clusters[0]
        name = names.member_stack(clusterset.clusterset, first.functions_account, first.region)
        super().__init__(scope, name, **kwargs)
        values = shared.shared(self, clusterset, code)
        published = publish(self, code) if not all(map(in_other_account, clusters)) else None
        inlet = forwarding.inlet(self, clusterset)
        for cluster in clusters:
            member = MemberCluster(self, cluster.id, values=values, inlet=inlet, cluster=cluster)
            if in_other_account(cluster):
                self.add_stack_dependency(access[cluster.id])
                theirs = access[cluster.id].published
                member.install(theirs, watcher=None)
                member.tell(theirs)
            else:
                member.install(published, watcher=member.identify(published))
                member.tell(published)


class MemberCluster(Construct):
    """One cluster's way in (inbox, importer, resync), its alarms; then its watcher's identity, installation, output."""

    def __init__(
        self, scope: Construct, construct_id: str, *, values: shared.Shared, inlet: Inlet, cluster: Cluster
    ) -> None:
        super().__init__(scope, construct_id)
        self._values, self._cluster = values, cluster
        clusterset, own = values.clusterset, values.names_of(cluster)
        self._inbox = inbox = Inbox(self, "Inbox", names=own, timeout_seconds=clusterset.importer.timeout_seconds)
        listen_to_everything(inbox, names=own, inlet=inlet, watcher_roles=values.watcher_roles)
        self._importer = Importer(self, "Importer", shared=values, cluster=cluster, queue=inbox.queue)
        self._resync = Resync(
            self, "Resync", names=own, function=self._importer.function, minutes=clusterset.resync_minutes
        )
        Alarms(self, "Alarms", names=own, inbox=inbox, function=self._importer.function)

    def identify(self, published: Published | None) -> WatcherIdentity:
        """Make the watcher's role; only in the cluster's own account."""
        return WatcherIdentity(self, "Watcher", shared=self._values, cluster=self._cluster, published=published)

    def install(self, published: Published | None, *, watcher: WatcherIdentity | None) -> None:
        """Have the cluster installed when all that installer and watcher need is there; not with `installer: off`.

        Nothing imports before it is installed and after it is uninstalled: the queue's mapping and the schedule come
        later and go first. What EKS could refuse comes after a look at the cluster. `published` are the watcher's zips
        in the cluster's account; `watcher` is None where the AccessStack has it, with the access entries.
        """
        if self._values.clusterset.installer == "off":
            return
        installer = Installer(self, "Installer", shared=self._values, cluster=self._cluster)
        settings = properties(self._values, self._cluster, published=published, partition=cdk.Stack.of(self).partition)
        look = Look(self, "Look", installer=installer, properties=settings)
        refusable = (self._importer.entry, installer.entry, watcher.association if watcher else None)
        look.before([each for each in refusable if each])
        installation = Installation(self, "Installation", installer=installer, properties=settings)
        installation.after([each for each in (look, watcher, self._importer.entry) if each])
        for importing in (self._importer.mapping, self._resync):
            importing.node.add_dependency(installation)

    def tell(self, published: Published | None) -> None:
        """Put out, as JSON, what people and `mcsctl render` need to know; `published` as for `install`."""
        cluster, own, stack = self._cluster, self._values.names_of(self._cluster), cdk.Stack.of(self)
        installer = {
            "installer": own.installer,
            "installerRoleArn": arns.role(stack, cluster.functions_account, own.installer_role),
        }
        facts = {
            "cluster": cluster.id,
            "queueUrl": self._inbox.queue.queue_url,
            "deadLetterQueueUrl": self._inbox.dead_letters.queue_url,
            "importer": self._importer.function.function_name,
            "importerRoleArn": self._importer.role.role_arn,
            "watcherRoleArn": arns.role(stack, cluster.account, own.watcher_role),
            **(installer if self._values.clusterset.installer == "on" else {}),
            **({"bundle": published.described(cluster.region)} if published else {}),
        }
        cdk.CfnOutput(self, "Facts", value=stack.to_json_string(facts), description=f"Cluster {cluster.id}")
