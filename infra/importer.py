"""The importer function of one cluster: code, role, logs, environment, and its queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

from infra.acknowledge import acknowledge
from infra.entries import importer_entry
from infra.environment import environment
from infra.functions import BundledFunction, Wanted
from infra.grants import importer as rights
from infra.grants.functions import assuming
from infra.reaching import in_other_account, roles
from infra.shared import eks_arn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_sqs as sqs
    from constructs import Construct

    from cloudmap_mcs.clusterset import Cluster
    from infra.shared import Shared

HANDLER = "lambdas.importer.handler.handler"
_BATCH = 10
_ASYNC_RETRIES = 1

_REASONS: Mapping[str, str] = {
    "Serverless-LambdaEventSourceMappingDestination": "a queue has no such destination; it has a dead-letter queue",
    "Serverless-LambdaAsyncFailureDestination": "asynchronous invokes are resyncs; the next makes up for a lost one",
    "Serverless-LambdaDLQ": "the same",
}


class Importer(BundledFunction):
    """The function, and the access entry that makes its role a member of our Kubernetes group.

    `entry` is None where the cluster is in another account: there the AccessStack makes it, for a role of its own.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, shared: Shared, cluster: Cluster, queue: sqs.IQueue
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            code=shared.code,
            settings=shared.clusterset.importer,
            wanted=_wanted(scope, shared, cluster, queue),
        )
        self._shared, self._queue = shared, queue
        self.mapping = self._mapping()
        self._asynchronous()
        is_own = not in_other_account(cluster)
        self.entry = importer_entry(self, "AccessEntry", cluster, role_arn=self.role.role_arn) if is_own else None
        acknowledge(self, _REASONS)

    def _mapping(self) -> lambda_.EventSourceMapping:
        """Have the queue invoke it at once (window 0)."""
        mapping = lambda_.EventSourceMapping(
            self,
            "QueueMapping",
            target=self.function,
            event_source_arn=self._queue.queue_arn,
            batch_size=_BATCH,
            max_batching_window=cdk.Duration.seconds(0),
            max_concurrency=self._shared.clusterset.importer.concurrency,
            report_batch_item_failures=True,
        )
        mapping.node.add_dependency(self.role)
        return mapping

    def _asynchronous(self) -> None:
        """Limit the tries of a resync: one that is older than its period is not worth it."""
        lambda_.CfnEventInvokeConfig(
            self,
            "Asynchronous",
            function_name=self.function.function_name,
            qualifier="$LATEST",
            maximum_retry_attempts=_ASYNC_RETRIES,
            maximum_event_age_in_seconds=self._shared.resync_seconds,
        )


def _wanted(scope: Construct, shared: Shared, cluster: Cluster, queue: sqs.IQueue) -> Wanted:
    names, settings, stack = shared.names_of(cluster), shared.clusterset.importer, cdk.Stack.of(scope)
    function = stack.format_arn(
        service="lambda",
        resource="function",
        resource_name=names.importer,
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )
    role = roles(stack.partition, shared.clusterset.clusterset, cluster).importer if in_other_account(cluster) else None
    return Wanted(
        name=names.importer,
        role_name=names.importer_role,
        description=f"Imports the clusterset {shared.clusterset.clusterset} into {cluster.id}",
        handler=HANDLER,
        memory_mib=settings.memory_mib,
        timeout_seconds=settings.timeout_seconds,
        environment=environment(shared, cluster, queue_url=queue.queue_url, role=role),
        grants=(
            *rights.importer(shared.registry, queue=queue.queue_arn, function=function),
            rights.reaching(eks_arn(stack, cluster)) if role is None else assuming(role.arn),
        ),
        wildcards=shared.registry.random_ids,
        network=cluster.network,
    )
