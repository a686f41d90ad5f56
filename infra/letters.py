"""What EventBridge could not forward to another place, and the alarm that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import names
from infra.acknowledge import acknowledge
from infra.grants import events as rights

if TYPE_CHECKING:
    from collections.abc import Sequence

_KEPT = cdk.Duration.days(14)


class UndeliveredEvents(Construct):
    """A queue that only these rules may send to. A lost event costs time, which the resync makes up for."""

    def __init__(self, scope: Construct, construct_id: str, *, clusterset: str, rules: Sequence[str]) -> None:
        super().__init__(scope, construct_id)
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=names.forwarding_dead_letters(clusterset),
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=_KEPT,
        )
        grant = rights.burying(self.queue.queue_arn, rules=rules)
        self.queue.add_to_resource_policy(grant.statement(iam.ServicePrincipal(rights.EVENTBRIDGE)))
        letters = "it is the dead-letter queue, of a rule's targets"
        acknowledge(self.queue, {"AwsSolutions-SQS3": letters, "Serverless-SQSRedrivePolicy": letters})
        period = cdk.Duration.minutes(1)
        cloudwatch.Alarm(
            self,
            "Alarm",
            alarm_name=names.forwarding_alarm(clusterset),
            alarm_description="Events that another account or Region did not take. While its stack is being deployed "
            "that is to be expected; purge the queue then. Else: is the stack there?",
            metric=self.queue.metric_approximate_number_of_messages_visible(period=period, statistic="Maximum"),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
