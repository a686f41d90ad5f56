"""ARNs of what is elsewhere: made of names alone, as no stack exports anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra import names, places
from infra.grants import Registry
from infra.places import Place

if TYPE_CHECKING:
    import aws_cdk as cdk

    from cloudmap_mcs.clusterset import Clusterset


def is_at_hub(stack: cdk.Stack, clusterset: Clusterset) -> bool:
    return Place(stack.account, stack.region) == places.of_hub(clusterset)


def role(stack: cdk.Stack, account: str, name: str) -> str:
    return stack.format_arn(service="iam", region="", account=account, resource="role", resource_name=name)


def bus(stack: cdk.Stack, clusterset: Clusterset, place: Place) -> str:
    """Return the clusterset's event bus in an account and Region."""
    return stack.format_arn(
        service="events",
        account=place.account,
        region=place.region,
        resource="event-bus",
        resource_name=names.bus(clusterset.clusterset),
    )


def registry(stack: cdk.Stack, clusterset: Clusterset, namespace: str) -> Registry:
    """Return the hub's, wherever the stack is; `namespace` is the namespace's id at the hub, its ARN elsewhere."""
    hub = clusterset.hub

    def arn(resource: str, name: str, account: str = hub.account) -> str:
        return stack.format_arn(
            service="servicediscovery", account=account, region=hub.region, resource=resource, resource_name=name
        )

    return Registry(
        namespace=arn("namespace", namespace) if is_at_hub(stack, clusterset) else namespace,
        services=arn("service", "*"),
        bus=bus(stack, clusterset, places.of_hub(clusterset)),
        services_of_consumers=() if stack.account == hub.account else (arn("service", "*", stack.account),),
    )


def watchers(stack: cdk.Stack, clusterset: Clusterset, place: Place) -> str:
    """Return the wildcard for the roles of all watchers of an account and Region."""
    return role(stack, place.account, names.watcher_roles(clusterset.clusterset, place.region))


def lawful_writers(stack: cdk.Stack, clusterset: Clusterset) -> tuple[str, ...] | None:
    """Return the wildcards for all watchers' roles; None where nobody looks for other writers (`cloudtrail: off`)."""
    if clusterset.cloudtrail == "off":
        return None
    return tuple(watchers(stack, clusterset, place) for place in places.of_watchers(clusterset))
