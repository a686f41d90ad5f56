"""What the deployed stacks say about themselves, as values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra import names

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class MemberOutputs:
    """One cluster's resources."""

    queue_url: str
    dead_letter_queue_url: str
    importer: str
    importer_role_arn: str
    watcher_role_arn: str


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployed clusterset; `members` by cluster id."""

    namespace_id: str
    namespace_arn: str
    bus_arn: str
    members: Mapping[str, MemberOutputs]


def deployed(clusterset: str, outputs: Mapping[str, Mapping[str, Any]]) -> Deployed:
    """Read the CDK's outputs file of a clusterset's stacks."""
    hub = outputs[names.hub_stack(clusterset)]
    facts = [
        json.loads(value)
        for stack, values in outputs.items()
        if stack != names.hub_stack(clusterset)
        for value in values.values()
    ]
    members = {
        fact["cluster"]: MemberOutputs(
            queue_url=fact["queueUrl"],
            dead_letter_queue_url=fact["deadLetterQueueUrl"],
            importer=fact["importer"],
            importer_role_arn=fact["importerRoleArn"],
            watcher_role_arn=fact["watcherRoleArn"],
        )
        for fact in facts
    }
    return Deployed(hub["NamespaceId"], hub["NamespaceArn"], hub["BusArn"], members)
