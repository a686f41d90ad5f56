"""What the watcher of one cluster may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.grants.statements import EVERYTHING, Grant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.grants.statements import Registry

_ON_SERVICES = {
    "servicediscovery:DeleteService": "a service that nobody exports any more",
    "servicediscovery:DeregisterInstance": "parts that a record no longer has; tombstones in the end",
    "servicediscovery:GetInstance": "its own records, and whose the cluster id is",
    "servicediscovery:GetService": "whether a service is the one that a record says it is",
    "servicediscovery:ListInstances": "its own records, in an audit and before a service is deleted",
    "servicediscovery:RegisterInstance": "an export, its tombstone, and the heartbeat",
}


def watcher(registry: Registry) -> tuple[Grant, ...]:
    """Return the rights to write and read the registry and to announce on the hub bus.

    Actions and their resources are those of AWS's service authorization reference: ListServices has no resource, and
    GetOperation has those that its operation is about (docs/adr/0006).
    """
    return (
        Grant(
            on="the namespace and its services",
            rights={
                "servicediscovery:DiscoverInstances": "the other clusters' records, for conflicts",
                "servicediscovery:GetOperation": "the end of a registration or deregistration",
            },
            resources=(registry.namespace, registry.services),
        ),
        Grant(
            on="the namespace, and services that are yet to be made in it",
            rights={"servicediscovery:CreateService": "the first export of a service by any cluster"},
            resources=(registry.namespace, registry.services, *registry.services_of_consumers),
        ),
        Grant(
            on="the namespace's services",
            rights=_ON_SERVICES,
            resources=(registry.services,),
        ),
        Grant(
            on="the namespace",
            rights={"servicediscovery:GetNamespace": "the namespace's name, which Discover calls take"},
            resources=(registry.namespace,),
        ),
        Grant(
            on="everything",
            rights={"servicediscovery:ListServices": "a service's id by its name; IAM knows no resource for it"},
            resources=(EVERYTHING,),
        ),
        Grant(
            on="the hub bus",
            rights={"events:PutEvents": "announcements"},
            resources=(registry.bus,),
        ),
    )


def fetching(objects: Sequence[str]) -> Grant:
    """Return the right to fetch the bundle: exactly its zips in the asset bucket, by ARN."""
    rights = {"s3:GetObject": "the watcher's code, fetched by the Pod's init container"}
    return Grant(on="its code in the asset bucket", rights=rights, resources=tuple(objects))
