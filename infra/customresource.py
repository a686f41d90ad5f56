"""What every function behind a custom resource has in common: who calls it, and for how long that one waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_lambda as lambda_

from infra.acknowledge import acknowledge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.functions import BundledFunction

EVENT_AGE_SECONDS = 300
"""For so long Lambda keeps CloudFormation's call while the function is throttled or its answer did not get through."""
_RETRIES = 2
"""After one and two minutes."""

_REASONS: Mapping[str, str] = {
    "Serverless-LambdaAsyncFailureDestination": "CloudFormation waits for the answer and reports that there is none",
    "Serverless-LambdaDLQ": "the same",
}


def service_timeout(function_seconds: int) -> int:
    """Return for how many seconds CloudFormation waits: when it gives up, no call is still to start or to end.

    Otherwise it would roll back, and two calls would work on the same thing against each other.
    """
    return function_seconds + EVENT_AGE_SECONDS


def serve_cloudformation(made: BundledFunction) -> None:
    """Limit how late and how often a call of CloudFormation, which invokes asynchronously, reaches the function."""
    lambda_.CfnEventInvokeConfig(
        made,
        "Asynchronous",
        function_name=made.function.function_name,
        qualifier="$LATEST",
        maximum_retry_attempts=_RETRIES,
        maximum_event_age_in_seconds=EVENT_AGE_SECONDS,
    )
    acknowledge(made, _REASONS)
