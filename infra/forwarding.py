"""The way of events over accounts and Regions: hub bus → the bus of each other place with members, and no further.

EventBridge forwards an event from bus to bus once. So watchers put their events on the hub's own bus wherever they are,
the HubStack forwards them to one bus per place, and the inboxes there listen to that one and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra import arns, names, patterns, places
from infra.grants import Grant, policy, trust
from infra.grants import events as rights
from infra.letters import UndeliveredEvents

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cloudmap_mcs.clusterset import Cluster, Clusterset
    from infra.places import Place

DEFAULT_BUS = "default"
_TARGET_RETRY_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Inlet:
    """The names of the buses that an environment's clusters listen on; elsewhere than at the hub they are the same."""

    announcements: str
    foreign_writes: str


def inlet(stack: cdk.Stack, clusterset: Clusterset) -> Inlet:
    """Return the buses of a MemberStack's place; elsewhere than at the hub the stack is given a bus, once."""
    hub, name = clusterset.hub, names.bus(clusterset.clusterset)
    if arns.is_at_hub(stack, clusterset):
        return Inlet(name, DEFAULT_BUS)
    bus = events.CfnEventBus(stack, "Bus", name=name, description="Events forwarded from the clusterset's hub")
    if stack.account != hub.account:
        role = arns.role(stack, hub.account, names.forwarding_role(clusterset.clusterset, hub.region))
        _let_in(bus, "hub", accounts=[hub.account], grant=rights.receiving(bus.attr_arn, roles=[role]))
    return Inlet(bus.ref, bus.ref)


def let_watchers_in(bus: events.CfnEventBus, clusterset: Clusterset) -> None:
    """Let the watchers of other accounts put events on the hub bus; those of its own need their role's rights only."""
    stack = cdk.Stack.of(bus)
    others = [place for place in places.of_watchers(clusterset) if place.account != clusterset.hub.account]
    if others:
        roles = [arns.watchers(stack, clusterset, place) for place in others]
        accounts = sorted({place.account for place in others})
        _let_in(bus, "watchers", accounts=accounts, grant=rights.announcing(bus.attr_arn, roles=roles))


def _let_in(bus: events.CfnEventBus, statement: str, *, accounts: Sequence[str], grant: Grant) -> None:
    """Let roles of other accounts put events on a bus: AWS wants the accounts named, the condition narrows it."""
    events.CfnEventBusPolicy(
        cdk.Stack.of(bus),
        f"LetIn{statement.title()}",
        event_bus_name=bus.ref,
        statement_id=statement,
        statement=grant.statement(*map(iam.AccountPrincipal, accounts)).to_statement_json(),
    )


class Forwarding(Construct):
    """Rules of the hub for every other place with members: announcements, and foreign writes unless these are off.

    Names of buses are deterministic: a rule may be there before the bus that it sends to. Until then, and after that
    place's stack is destroyed, events go to the dead letters at once (EventBridge User Guide, dead-letter queues); what
    was lost in a deploy, the first resync finds. Only what may pass is tried again, for an hour.
    """

    def __init__(self, scope: Construct, construct_id: str, *, clusterset: Clusterset, bus: events.CfnEventBus) -> None:
        super().__init__(scope, construct_id)
        self._clusterset, self._bus, self._stack = clusterset, bus, cdk.Stack.of(self)
        remote = places.remote(clusterset)
        rules = [rule for place, clusters in remote.items() for rule in self._rules(place, clusters)]
        own = self._rule_arns(rule.path for rule in rules)
        self._letters = UndeliveredEvents(self, "DeadLetters", clusterset=clusterset.clusterset, rules=own)
        trusted = self._rule_arns(names.forwarding_rules(clusterset.clusterset))
        self._role = iam.Role(
            self,
            "Role",
            role_name=names.forwarding_role(clusterset.clusterset, clusterset.hub.region),
            assumed_by=trust.rules(self._stack.account, rules=trusted).principal(),
            inline_policies={"forwarding": policy(rights.forwarding([rule.target for rule in rules]))},
        )
        for rule in rules:
            self._make(rule)

    def _rule_arns(self, paths: Iterable[str]) -> list[str]:
        return [self._stack.format_arn(service="events", resource="rule", resource_name=path) for path in paths]

    def _rules(self, place: Place, clusters: Sequence[Cluster]) -> list[_Rule]:
        clusterset, target = self._clusterset.clusterset, arns.bus(self._stack, self._clusterset, place)
        announced = patterns.announcements(clusterset, [cluster.id for cluster in clusters])
        name = names.forwarding_rule(clusterset, place.account, place.region)
        found = [_Rule(f"To-{place.account}-{place.region}", name, names.bus(clusterset), announced, target)]
        writers = arns.lawful_writers(self._stack, self._clusterset)
        if writers is not None:
            name = names.forwarding_cloudtrail_rule(clusterset, place.account, place.region)
            written = patterns.foreign_writes(writers)
            found.append(_Rule(f"{found[0].id}-CloudTrail", name, DEFAULT_BUS, written, target))
        return found

    def _make(self, rule: _Rule) -> None:
        made = events.CfnRule(
            self,
            rule.id,
            name=rule.name,
            event_bus_name=rule.bus if rule.bus == DEFAULT_BUS else self._bus.ref,
            event_pattern=rule.pattern,
            state="ENABLED",
            targets=[
                events.CfnRule.TargetProperty(
                    id="bus",
                    arn=rule.target,
                    role_arn=self._role.role_arn,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self._letters.queue.queue_arn),
                    retry_policy=events.CfnRule.RetryPolicyProperty(maximum_event_age_in_seconds=_TARGET_RETRY_SECONDS),
                )
            ],
        )
        made.node.add_dependency(self._letters.queue)


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule to make; `id` is the construct's."""

    id: str
    name: str
    bus: str
    pattern: dict[str, Any]
    target: str

    @property
    def path(self) -> str:
        """What its ARN ends in."""
        return self.name if self.bus == DEFAULT_BUS else f"{self.bus}/{self.name}"
