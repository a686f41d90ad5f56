"""The data plane: what DiscoverInstances shows, which may be older than what the control plane knows."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.cloudmap.access import is_visible
from sandbox.cloudmap.errors import ApiError
from sandbox.cloudmap.limits import DISCOVER_DEFAULT
from sandbox.cloudmap.model import Call, Caller, Instance, Service, State
from sandbox.cloudmap.operations import Desk


def discover_instances(state: State, _desk: Desk, call: Call) -> dict[str, Any]:
    """Answer matching instances in random order, cut at MaxResults (100) without saying so."""
    service = _observed(state, call)
    params = call.params
    found = _matching(list(service.instances.values()), params.get("QueryParameters", {}))
    found = _matching(found, params.get("OptionalParameters", {})) or found
    if service.has_health:
        found = _of_health(found, params.get("HealthStatus", state.settings.default_health_filter))
    chosen = state.rng.sample(found, min(len(found), params.get("MaxResults", DISCOVER_DEFAULT)))
    names = {"NamespaceName": params["NamespaceName"], "ServiceName": service.name}
    return {
        "Instances": [_described(instance, names) for instance in chosen],
        "InstancesRevision": service.revision,
    }


def discover_instances_revision(state: State, _desk: Desk, call: Call) -> dict[str, Any]:
    return {"InstancesRevision": _observed(state, call).revision}


def _observed(state: State, call: Call) -> Service:
    """Return the service as the data plane sees it now, after this call's share of lag."""
    moment = state.now - state.draw(state.settings.lag)
    owner = Caller(call.params.get("OwnerAccount", call.caller.account), call.caller.region)
    name = call.params["NamespaceName"]
    line = state.http_names.get((owner, name))
    namespace_id = None if line is None else line.at(moment)
    if namespace_id is None or not _may_discover(state, call.caller, owner, namespace_id):
        raise ApiError("NamespaceNotFound", f"No namespace with the HttpName {name} in account {owner.account}.")
    view = state.views.get(state.name_key(namespace_id, call.params["ServiceName"]))
    service = None if view is None else view.at(moment)
    if service is None:
        raise ApiError("ServiceNotFound", f"No service {call.params['ServiceName']} in namespace {name}.")
    return service


def _may_discover(state: State, caller: Caller, owner: Caller, namespace_id: str) -> bool:
    """Tell whether the caller sees it; the owner also one that is deleted but still in its sight."""
    namespace = state.namespaces.get(namespace_id)
    return caller == owner if namespace is None else is_visible(state, caller, namespace)


def _matching(instances: Sequence[Instance], wanted: Mapping[str, str]) -> list[Instance]:
    if not wanted:
        return list(instances)
    return [i for i in instances if all(i.attributes.get(key) == value for key, value in wanted.items())]


def _of_health(instances: list[Instance], wanted: str) -> list[Instance]:
    if wanted == "ALL":
        return instances
    if wanted == "HEALTHY_OR_ELSE_ALL":
        return [instance for instance in instances if instance.health == "HEALTHY"] or instances
    return [instance for instance in instances if instance.health == wanted]


def _described(instance: Instance, names: Mapping[str, str]) -> dict[str, Any]:
    described = {"InstanceId": instance.id, **names, "Attributes": instance.attributes}
    return described if instance.health is None else {**described, "HealthStatus": instance.health}
