"""What the functions that look after the namespace may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.grants.statements import EVERYTHING, Grant

if TYPE_CHECKING:
    from infra.grants.statements import Registry


def finding() -> tuple[Grant, ...]:
    """Return the right to find the hub's namespace by its name."""
    rights = {"servicediscovery:ListNamespaces": "the namespace's ARN by its name; IAM knows no resource for it"}
    return (Grant(on="everything", rights=rights, resources=(EVERYTHING,)),)


def emptying(registry: Registry, *, stack: str) -> tuple[Grant, ...]:
    """Return the rights to remove all that is in the namespace when the stack with this ARN is deleted."""
    return (
        Grant(
            on="the namespace and its services",
            rights={"servicediscovery:GetOperation": "the end of a deregistration"},
            resources=(registry.namespace, registry.services),
        ),
        Grant(
            on="the namespace's services",
            rights={
                "servicediscovery:DeleteService": "the namespace cannot be deleted while it has services",
                "servicediscovery:DeregisterInstance": "a service cannot be deleted while it has instances",
                "servicediscovery:ListInstances": "what is left in a service",
            },
            resources=(registry.services,),
        ),
        Grant(
            on="everything",
            rights={"servicediscovery:ListServices": "all services of the namespace; IAM knows no resource for it"},
            resources=(EVERYTHING,),
        ),
        Grant(
            on="its own stack",
            rights={"cloudformation:DescribeStacks": "whether the stack is deleted, or only a change of it taken back"},
            resources=(stack,),
        ),
    )
