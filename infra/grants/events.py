"""What EventBridge and EventBridge Scheduler may do, and who may put events on a bus of another account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.grants.statements import Grant

if TYPE_CHECKING:
    from collections.abc import Sequence

EVENTBRIDGE = "events.amazonaws.com"
"""The service that the policies of queues let in."""


def forwarding(buses: Sequence[str]) -> Grant:
    """Return the right to put events on the buses of other accounts and Regions."""
    rights = {"events:PutEvents": "EventBridge, when a rule of the hub forwards an event"}
    return Grant(on="the buses of other accounts and Regions", rights=rights, resources=tuple(dict.fromkeys(buses)))


def resyncing(function: str) -> Grant:
    """Return the right to start a resync."""
    rights = {"lambda:InvokeFunction": "the periodic resync"}
    return Grant(on="the cluster's importer", rights=rights, resources=(function,))


def filling(queue: str, *, rule: str) -> Grant:
    """Return the right to bring what one rule (its ARN) matches into a cluster's queue, or among its dead letters."""
    return Grant(
        on="the cluster's queue and its dead letters",
        rights={"sqs:SendMessage": "events on their way to the importer, and those that did not get there"},
        resources=(queue,),
        conditions={"ArnEquals": {"aws:SourceArn": rule}},
    )


def burying(queue: str, *, rules: Sequence[str]) -> Grant:
    """Return the right to keep what these rules (their ARNs) could not forward."""
    return Grant(
        on="the dead letters of forwarding",
        rights={"sqs:SendMessage": "events that another account or Region did not take"},
        resources=(queue,),
        conditions={"ArnEquals": {"aws:SourceArn": list(rules)}},
    )


def announcing(bus: str, *, roles: Sequence[str]) -> Grant:
    """Return the right of the watchers of other accounts, by wildcards for their roles, to use the hub's bus."""
    return _entering(bus, "the hub bus", "announcements by the watchers of other accounts", roles)


def receiving(bus: str, *, roles: Sequence[str]) -> Grant:
    """Return the right of the hub in another account to use the bus of a place with members."""
    return _entering(bus, "the bus of another account", "events that the hub forwards", roles)


def _entering(bus: str, on: str, why: str, roles: Sequence[str]) -> Grant:
    return Grant(
        on=on,
        rights={"events:PutEvents": why},
        resources=(bus,),
        conditions={"ArnLike": {"aws:PrincipalArn": list(roles)}},
    )
