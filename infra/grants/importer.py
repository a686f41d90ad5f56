"""What the importer function of one cluster may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.grants.statements import Grant

if TYPE_CHECKING:
    from infra.grants.statements import Registry

_CONTROL_PLANE = "a look at the control plane where a Discover answer is stale or nothing was found"


def importer(registry: Registry, *, queue: str, function: str) -> tuple[Grant, ...]:
    """Return the rights on the registry, its queue and itself; those on a cluster are `reaching`."""
    return (
        Grant(
            on="the namespace and its services",
            rights={"servicediscovery:DiscoverInstances": "the records of one key, and the index of a resync"},
            resources=(registry.namespace, registry.services),
        ),
        Grant(
            on="the namespace's services",
            rights={
                "servicediscovery:GetInstance": _CONTROL_PLANE,
                "servicediscovery:GetService": "the name of the service that a CloudTrail event has the id of",
            },
            resources=(registry.services,),
        ),
        Grant(
            on="the namespace",
            rights={"servicediscovery:GetNamespace": "the namespace's name, which Discover calls take"},
            resources=(registry.namespace,),
        ),
        Grant(
            on="its queue",
            rights={
                "sqs:ChangeMessageVisibility": "a short pause before a failed message comes again",
                "sqs:DeleteMessage": "the event source mapping, after a message was dealt with",
                "sqs:GetQueueAttributes": "the event source mapping",
                "sqs:ReceiveMessage": "the event source mapping",
                "sqs:SendMessage": "what could not be settled now, as a delayed message",
            },
            resources=(queue,),
        ),
        Grant(
            on="itself",
            rights={"lambda:InvokeFunction": "the rest of a resync that one invocation could not finish"},
            resources=(function,),
        ),
    )


def reaching(cluster: str) -> Grant:
    """Return the right to find the API server of the cluster with this ARN; tokens for it need no right."""
    rights = {"eks:DescribeCluster": "the address and the certificate authority of the API server"}
    return Grant(on="its EKS cluster", rights=rights, resources=(cluster,))
