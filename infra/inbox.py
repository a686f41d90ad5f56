"""The way of an event to one cluster: two rules → queue, and the queue of what nobody could use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import patterns
from infra.acknowledge import acknowledge
from infra.forwarding import DEFAULT_BUS
from infra.grants import events as rights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.forwarding import Inlet
    from infra.names import ClusterNames

VISIBILITY_FACTOR = 6
"""Queue visibility timeout in function timeouts, AWS's advice: a throttled function then uses up no receives early.

The price, a message whose process was killed comes back this late, is paid seldom: failed messages are made visible
again by the handler itself after a short back-off, and the periodic resync usually comes first.
"""

_RECEIVES = 5
_HINTS_KEPT = cdk.Duration.days(1)
_LETTERS_KEPT = cdk.Duration.days(14)
_TARGET_RETRY_SECONDS = 3600


class Inbox(Construct):
    """A standard queue and its dead letters, both encrypted and TLS only; `listen` adds a rule that may send to it."""

    def __init__(self, scope: Construct, construct_id: str, *, names: ClusterNames, timeout_seconds: int) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=names.dead_letters,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=_LETTERS_KEPT,
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=names.queue,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            visibility_timeout=cdk.Duration.seconds(VISIBILITY_FACTOR * timeout_seconds),
            # Events are hints: whatever is older than a day, a resync has long repaired.
            retention_period=_HINTS_KEPT,
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=_RECEIVES),
        )
        acknowledge(self.dead_letters, {"Serverless-SQSRedrivePolicy": "it is the dead-letter queue"})

    def listen(self, rule_id: str, *, name: str, pattern: dict[str, Any], bus: str) -> None:
        """Send every event on `bus` that matches `pattern` here; only this rule of this bus may."""
        stack = cdk.Stack.of(self)
        path = name if bus == DEFAULT_BUS else f"{bus}/{name}"
        arn = stack.format_arn(service="events", resource="rule", resource_name=path)
        queue_policies = [self._may_send(queue, arn) for queue in (self.queue, self.dead_letters)]
        rule = events.CfnRule(
            self,
            rule_id,
            name=name,
            event_bus_name=bus,
            event_pattern=pattern,
            state="ENABLED",
            targets=[
                events.CfnRule.TargetProperty(
                    id="queue",
                    arn=self.queue.queue_arn,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self.dead_letters.queue_arn),
                    retry_policy=events.CfnRule.RetryPolicyProperty(maximum_event_age_in_seconds=_TARGET_RETRY_SECONDS),
                )
            ],
        )
        for dependable in queue_policies:
            rule.node.add_dependency(dependable)

    @staticmethod
    def _may_send(queue: sqs.Queue, rule_arn: str) -> Any:
        grant = rights.filling(queue.queue_arn, rule=rule_arn)
        result = queue.add_to_resource_policy(grant.statement(iam.ServicePrincipal(rights.EVENTBRIDGE)))
        return result.policy_dependable


def listen_to_everything(
    inbox: Inbox, *, names: ClusterNames, inlet: Inlet, watcher_roles: Sequence[str] | None
) -> None:
    """Connect both buses: the watchers' announcements, and writes by any other role if CloudTrail reports them.

    `watcher_roles` are the wildcards for the watchers' ARNs, None without CloudTrail.
    """
    announced = patterns.announcements(names.clusterset, [names.cluster])
    inbox.listen("Announcements", name=names.rule, pattern=announced, bus=inlet.announcements)
    if watcher_roles is not None:
        pattern = patterns.foreign_writes(watcher_roles)
        inbox.listen("ForeignWrites", name=names.cloudtrail_rule, pattern=pattern, bus=inlet.foreign_writes)
