"""What each role may do, as tables of (actions, resources, conditions): what is granted is what is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Registry:
    """The ARNs of the hub's Cloud Map namespace, of all services in that account and Region, and of the bus.

    The ARN of a Cloud Map service holds a random id and nothing of its namespace, hence the wildcard.
    """

    namespace: str
    services: str
    bus: str

    @property
    def random_ids(self) -> dict[str, str]:
        """The wildcard with its reason, for cdk-nag."""
        return {self.services: "the ARN of a Cloud Map service is a random id and says nothing of its namespace"}


def policy(*statements: iam.PolicyStatement) -> iam.PolicyDocument:
    return iam.PolicyDocument(statements=list(statements))


def allow(
    actions: Sequence[str], *resources: str, conditions: Mapping[str, Mapping[str, str]] | None = None
) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)


def importer(registry: Registry, *, eks: str, queue: str, function: str, log_streams: str) -> iam.PolicyDocument:
    """Return the importer's rights: read the registry, reach its cluster, work its queue, invoke itself, log."""
    return policy(
        allow(["servicediscovery:DiscoverInstances"], registry.namespace, registry.services),
        allow(["servicediscovery:GetInstance", "servicediscovery:GetService"], registry.services),
        allow(["servicediscovery:GetNamespace"], registry.namespace),
        allow(["eks:DescribeCluster"], eks),
        allow(
            [
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
                "sqs:SendMessage",
            ],
            queue,
        ),
        allow(["lambda:InvokeFunction"], function),
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], log_streams),
    )


def watcher(registry: Registry) -> iam.PolicyDocument:
    """Return the watcher's rights: write and read the registry, announce on the hub bus.

    Actions and their resources are those of AWS's service authorization reference: ListServices has no resource, and
    GetOperation has those that its operation is about (docs/adr/0006).
    """
    return policy(
        allow(
            [
                "servicediscovery:CreateService",
                "servicediscovery:DiscoverInstances",
                "servicediscovery:GetOperation",
            ],
            registry.namespace,
            registry.services,
        ),
        allow(
            [
                "servicediscovery:DeleteService",
                "servicediscovery:DeregisterInstance",
                "servicediscovery:GetInstance",
                "servicediscovery:GetService",
                "servicediscovery:ListInstances",
                "servicediscovery:RegisterInstance",
            ],
            registry.services,
        ),
        allow(["servicediscovery:GetNamespace"], registry.namespace),
        allow(["servicediscovery:ListServices"], "*"),
        allow(["events:PutEvents"], registry.bus),
    )
