"""The schedule that asks an importer to look at everything: what a lost event left behind is gone by then."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra import grants
from infra.grants import events as rights
from infra.grants import trust

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

    from infra.names import ClusterNames

PAYLOAD = '{"resync":"all"}'
_HOUR = 60


def staggered(cluster: str, minutes: int) -> str:
    """Return when this cluster resyncs, as a cron expression: every `minutes`, a divisor of 60, on minutes of its own.

    The first minute is a hash of the cluster's id, so that the clusters of a set spread over the period and a deploy
    that leaves the id alone leaves the schedule alone. It takes a divisor: cron counts anew with every hour.
    """
    if _HOUR % minutes:
        raise ValueError(f"{minutes} minutes do not divide an hour")
    first = int.from_bytes(hashlib.sha256(cluster.encode()).digest()) % minutes
    return f"cron({first if minutes == _HOUR else f'{first}/{minutes}'} * * * ? *)"


class Resync(Construct):
    """Invokes the importer directly, so that a long resync never holds up the queue."""

    def __init__(
        self, scope: Construct, construct_id: str, *, names: ClusterNames, function: lambda_.IFunction, minutes: int
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        group_arn = stack.format_arn(service="scheduler", resource="schedule-group", resource_name="default")
        role = iam.Role(
            self,
            "Role",
            role_name=names.scheduler_role,
            assumed_by=trust.schedules(stack.account, group=group_arn).principal(),
            inline_policies={"invoke": grants.policy(rights.resyncing(function.function_arn))},
        )
        scheduler.CfnSchedule(
            self,
            "Schedule",
            name=names.schedule,
            description="Full resync",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            schedule_expression=staggered(names.cluster, minutes),
            schedule_expression_timezone="UTC",
            state="ENABLED",
            target=scheduler.CfnSchedule.TargetProperty(
                arn=function.function_arn,
                role_arn=role.role_arn,
                input=PAYLOAD,
                # The next one is due soon and does the same.
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=60 * minutes, maximum_retry_attempts=1
                ),
            ),
        )
