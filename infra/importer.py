"""The importer function of one cluster: code, role, logs, environment, and its queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_eks as eks
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import grants
from infra.acknowledge import acknowledge, acknowledge_wildcards
from infra.environment import environment
from infra.shared import eks_arn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk import aws_sqs as sqs

    from cloudmap_mcs.clusterset import Cluster
    from infra.shared import Shared

HANDLER = "lambdas.importer.handler.handler"
KUBERNETES_GROUP = "cloudmap-mcs:importer"
_BATCH = 10
_ASYNC_RETRIES = 1

_REASONS: Mapping[str, str] = {
    "AwsSolutions-L1": "3.13 is the runtime that the bundle's wheels and bytecode are made for",
    "Serverless-LambdaLatestVersion": "3.13 is the runtime that the bundle's wheels and bytecode are made for",
    "Serverless-LambdaEventSourceMappingDestination": "a queue has no such destination; it has a dead-letter queue",
    "Serverless-LambdaAsyncFailureDestination": "asynchronous invokes are resyncs; the next makes up for a lost one",
    "Serverless-LambdaDLQ": "the same",
    "Serverless-LambdaTracing": "X-Ray adds calls to every batch; the log lines carry service key and generation",
}


class Importer(Construct):
    """The function, and the access entry that makes its role a member of our Kubernetes group."""

    def __init__(
        self, scope: Construct, construct_id: str, *, shared: Shared, cluster: Cluster, queue: sqs.IQueue
    ) -> None:
        super().__init__(scope, construct_id)
        self._shared, self._cluster, self._queue = shared, cluster, queue
        self._names = shared.names_of(cluster)
        self._settings = shared.clusterset.importer
        log_group = self._log_group()
        self._streams = f"{self._arn('logs', 'log-group', str(log_group.log_group_name))}:*"
        self.role = self._role()
        self.function = self._function(log_group)
        self._invocations()
        eks.CfnAccessEntry(
            self,
            "AccessEntry",
            cluster_name=cluster.eks,
            principal_arn=self.role.role_arn,
            type="STANDARD",
            kubernetes_groups=[KUBERNETES_GROUP],
        )
        acknowledge(self, _REASONS)
        streams = {self._streams: "Lambda names the log streams"}
        acknowledge_wildcards(self.role, {**shared.registry.random_ids, **streams})

    def _arn(self, service: str, resource: str, name: str) -> str:
        return cdk.Stack.of(self).format_arn(
            service=service, resource=resource, resource_name=name, arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME
        )

    def _log_group(self) -> logs.CfnLogGroup:
        group = logs.CfnLogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/lambda/{self._names.importer}",
            retention_in_days=self._settings.log_retention_days,
        )
        group.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
        return group

    def _role(self) -> iam.Role:
        """Make the role with its policy inline: an event source mapping is refused while the policy is not attached."""
        document = grants.importer(
            self._shared.registry,
            eks=eks_arn(cdk.Stack.of(self), self._cluster),
            queue=self._queue.queue_arn,
            function=self._arn("lambda", "function", self._names.importer),
            log_streams=self._streams,
        )
        return iam.Role(
            self,
            "Role",
            role_name=self._names.importer_role,
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={"importer": document},
        )

    def _function(self, log_group: logs.CfnLogGroup) -> lambda_.Function:
        architectures = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}
        return lambda_.Function(
            self,
            "Function",
            function_name=self._names.importer,
            description=f"Imports the clusterset {self._shared.clusterset.clusterset} into {self._cluster.id}",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=architectures[self._settings.architecture],
            code=self._shared.code,
            handler=HANDLER,
            memory_size=self._settings.memory_mib,
            timeout=cdk.Duration.seconds(self._settings.timeout_seconds),
            role=self.role,
            environment=environment(self._shared, self._cluster, queue_url=self._queue.queue_url),
            log_group=logs.LogGroup.from_log_group_arn(self, "LogGroup", log_group.attr_arn),
            logging_format=lambda_.LoggingFormat.JSON,
        )

    def _invocations(self) -> None:
        """Invoke it by the queue at once (window 0); a resync that is older than its period is not worth a try."""
        mapping = lambda_.EventSourceMapping(
            self,
            "QueueMapping",
            target=self.function,
            event_source_arn=self._queue.queue_arn,
            batch_size=_BATCH,
            max_batching_window=cdk.Duration.seconds(0),
            max_concurrency=self._settings.concurrency,
            report_batch_item_failures=True,
        )
        mapping.node.add_dependency(self.role)
        lambda_.CfnEventInvokeConfig(
            self,
            "Asynchronous",
            function_name=self.function.function_name,
            qualifier="$LATEST",
            maximum_retry_attempts=_ASYNC_RETRIES,
            maximum_event_age_in_seconds=self._shared.resync_seconds,
        )
