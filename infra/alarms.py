"""What wakes a person: messages nobody could use or takes, failing invocations, and a resync that its brake stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

    from infra.inbox import Inbox
    from infra.names import ClusterNames

METRICS_NAMESPACE = "cloudmap-mcs"
SERVICE = "importer"
"""The function's own metrics; `tests/infra/test_seam.py` holds the brake's against what it sends."""
_OLDEST_SECONDS = 300
_MINUTE = cdk.Duration.minutes(1)


class Alarms(Construct):
    """Four alarms without actions: subscribe what you use; missing data is good news, an idle queue reports none."""

    def __init__(
        self, scope: Construct, construct_id: str, *, names: ClusterNames, inbox: Inbox, function: lambda_.IFunction
    ) -> None:
        super().__init__(scope, construct_id)
        letters = inbox.dead_letters.metric_approximate_number_of_messages_visible(period=_MINUTE, statistic="Maximum")
        oldest = inbox.queue.metric_approximate_age_of_oldest_message(period=_MINUTE, statistic="Maximum")
        errors = function.metric_errors(period=_MINUTE, statistic="Sum")
        dimensions = {"service": SERVICE, "clusterset": names.clusterset, "cluster": names.cluster}
        braked = cloudwatch.Metric(
            namespace=METRICS_NAMESPACE,
            metric_name="Braked",
            dimensions_map=dimensions,
            period=_MINUTE,
            statistic="Sum",
        )
        for what, metric, threshold, meaning in (
            ("dead-letters", letters, 1, "Messages that the importer refused five times or did not know"),
            ("oldest-message", oldest, _OLDEST_SECONDS, "The importer does not keep up or cannot reach its cluster"),
            ("importer-errors", errors, 1, "Invocations that ended in an exception or a timeout"),
            (
                "brake",
                braked,
                1,
                "A resync would remove more than 10 imports and a quarter of all: look, then force",
            ),
        ):
            cloudwatch.Alarm(
                self,
                what,
                alarm_name=names.alarm(what),
                alarm_description=meaning,
                metric=metric,
                threshold=threshold,
                evaluation_periods=1,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            )
