"""Services: created and deleted at once, updated by operations, with attributes of their own."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.cloudmap.access import find_namespace, find_service, is_visible
from sandbox.cloudmap.errors import ApiError
from sandbox.cloudmap.limits import MAX_ATTRIBUTES, RECORD_SETS
from sandbox.cloudmap.listing import Condition, page_of
from sandbox.cloudmap.model import Call, Namespace, Origin, Service, State
from sandbox.cloudmap.operations import Change, Desk
from sandbox.cloudmap.tagging import checked_tags

_FILTERS: Mapping[str, frozenset[str]] = {"NAMESPACE_ID": frozenset({"EQ"}), "RESOURCE_OWNER": frozenset({"EQ"})}


def create_service(state: State, desk: Desk, call: Call) -> dict[str, Any]:
    """Create a service at once; the same request again answers the same service."""
    params = call.params
    wanted = params.get("NamespaceId") or params.get("DnsConfig", {}).get("NamespaceId")
    if wanted is None:
        raise ApiError("InvalidInput", "NamespaceId is required.")
    namespace = find_namespace(state, call.caller, wanted)
    if _is_being_deleted(desk, namespace):
        raise ApiError("NamespaceNotFound", f"Namespace {namespace.id} is being deleted.")
    _check_configuration(namespace, params)
    key = state.name_key(namespace.id, params["Name"])
    existing = state.services.get(state.service_names.get(key, ""))
    if existing is not None:
        if existing.origin.is_repeated_by(params):
            return {"Service": _described(existing)}
        raise ApiError(
            "ServiceAlreadyExists",
            f"There is a service {existing.name} in {namespace.id} already.",
            ServiceId=existing.id,
            ServiceArn=existing.arn,
            CreatorRequestId=existing.origin.request.get("CreatorRequestId"),
        )
    service = _built(state, namespace, call)
    tags = checked_tags(state, params.get("Tags", []), {}, service.arn)
    state.service_names[key] = service.id
    state.tags[service.id] = tags
    state.store(service, state.now)
    return {"Service": _described(service)}


def _is_being_deleted(desk: Desk, namespace: Namespace) -> bool:
    operation = desk.running(("namespace", namespace.id))
    return operation is not None and operation.change.kind == "DELETE_NAMESPACE"


def _built(state: State, namespace: Namespace, call: Call) -> Service:
    config = call.params.get("DnsConfig")
    return Service(
        id=state.new_id("srv-"),
        owner=namespace.owner,
        namespace_id=namespace.id,
        name=call.params["Name"],
        description=call.params.get("Description"),
        dns_config=None if config is None else {"RoutingPolicy": "MULTIVALUE", **config, "NamespaceId": namespace.id},
        health_check=call.params.get("HealthCheckConfig"),
        custom_health="HealthCheckCustomConfig" in call.params,
        created=state.now,
        created_by=call.caller.account,
        sequence=state.next_number(),
        origin=Origin(call.params),
    )


def _check_configuration(namespace: Namespace, params: Mapping[str, Any]) -> None:
    config = params.get("DnsConfig")
    types = [record["Type"] for record in (config or {}).get("DnsRecords", ())]
    rules = (
        (namespace.kind == "HTTP" and config is not None, "DnsConfig is not for HTTP namespaces"),
        (namespace.kind != "HTTP" and config is None and "Type" not in params, "give DnsConfig, or Type HTTP"),
        (config is not None and "Type" in params, "Type HTTP excludes DnsConfig"),
        (config is not None and frozenset(types) not in RECORD_SETS, f"no service can have the records {types}"),
        (len(set(types)) != len(types), f"a record type can be there once, not as in {types}"),
        (types == ["CNAME"] and (config or {}).get("RoutingPolicy") != "WEIGHTED", "CNAME wants WEIGHTED"),
        (
            "HealthCheckConfig" in params and "HealthCheckCustomConfig" in params,
            "HealthCheckConfig excludes HealthCheckCustomConfig",
        ),
        (
            "HealthCheckConfig" in params and namespace.kind == "DNS_PRIVATE",
            "HealthCheckConfig is not for private DNS namespaces",
        ),
    )
    for is_broken, message in rules:
        if is_broken:
            raise ApiError("InvalidInput", f"CreateService: {message}.")


def delete_service(state: State, _desk: Desk, call: Call) -> dict[str, Any]:
    """Delete a service at once; ResourceInUse while it has instances, or is about to."""
    service = find_service(state, call.caller, call.params["Id"])
    if state.claims[service.id]:
        raise ApiError("ResourceInUse", f"Service {service.id} contains instances.")
    key = state.name_key(service.namespace_id, service.name)
    del state.services[service.id], state.service_names[key], state.claims[service.id]
    state.tags.pop(service.id, None)
    state.views[key].record(state.now, None, keep=state.keep())
    return {}


def get_service(state: State, _desk: Desk, call: Call) -> dict[str, Any]:
    return {"Service": _described(find_service(state, call.caller, call.params["Id"]))}


def update_service(state: State, desk: Desk, call: Call) -> dict[str, Any]:
    """Change TTLs, description and health check of a DNS service; what is left out of DnsRecords is deleted."""
    service = find_service(state, call.caller, call.params["Id"])
    if state.namespaces[service.namespace_id].kind == "HTTP":
        raise ApiError("InvalidInput", "Services in HTTP namespaces cannot be updated.")
    if any(instance.created_by != call.caller.account for instance in service.instances.values()):
        raise ApiError("InvalidInput", "The service has instances that other accounts registered.")
    wanted = call.params["Service"]
    present = {record["Type"] for record in (service.dns_config or {}).get("DnsRecords", ())}
    records = wanted.get("DnsConfig", {}).get("DnsRecords", [])
    if not {record["Type"] for record in records} <= present:
        raise ApiError("InvalidInput", "UpdateService can change and delete record types, not add them.")
    change = Change("UPDATE_SERVICE", service.owner, ("service", service.id), {"SERVICE": service.id}, call.params)
    desk.repeated(change)

    def effect(moment: float) -> None:
        current = state.services.get(service.id)
        if current is not None:
            config = None if current.dns_config is None else {**current.dns_config, "DnsRecords": records}
            changed = replace(current, dns_config=config, health_check=wanted.get("HealthCheckConfig"))
            state.store(replace(changed, description=wanted.get("Description", current.description)), moment)

    return desk.submit(change, effect, NAMESPACE=service.namespace_id)


def list_services(state: State, _desk: Desk, call: Call) -> dict[str, Any]:
    """List services of own and shared namespaces; pages first, then filters."""

    def holds(service: Service, condition: Condition) -> bool:
        if condition.name == "RESOURCE_OWNER":
            return condition.holds("SELF" if service.owner.account == call.caller.account else "OTHER_ACCOUNTS")
        namespace = state.namespaces[service.namespace_id]
        is_own = namespace.owner == call.caller
        return condition.holds(namespace.arn) or (is_own and condition.holds(namespace.id))

    visible = (s for s in state.services.values() if is_visible(state, call.caller, state.namespaces[s.namespace_id]))
    found, rest = page_of("services", call.params, visible, filters=_FILTERS, holds=holds)
    return {"Services": [_summary(service) for service in found], **rest}


def get_service_attributes(state: State, _desk: Desk, call: Call) -> dict[str, Any]:
    service = find_service(state, call.caller, call.params["ServiceId"])
    attributes = {
        "ServiceArn": service.arn,
        "ResourceOwner": service.owner.account,
        "Attributes": dict(service.attributes),
    }
    return {"ServiceAttributes": attributes}


def update_service_attributes(state: State, _desk: Desk, call: Call) -> dict[str, Any]:
    """Add or replace attributes at once; the revision of the instances does not move."""
    service = find_service(state, call.caller, call.params["ServiceId"])
    merged = {**service.attributes, **call.params["Attributes"]}
    if len(merged) > MAX_ATTRIBUTES:
        raise ApiError(
            "ServiceAttributesLimitExceededException",
            f"A service can have {MAX_ATTRIBUTES} attributes, this would be {len(merged)}.",
        )
    state.store(replace(service, attributes=merged), state.now)
    return {}


def delete_service_attributes(state: State, _desk: Desk, call: Call) -> dict[str, Any]:
    service = find_service(state, call.caller, call.params["ServiceId"])
    left = {key: value for key, value in service.attributes.items() if key not in call.params["Attributes"]}
    state.store(replace(service, attributes=left), state.now)
    return {}


def _summary(service: Service) -> dict[str, Any]:
    described = {
        "Id": service.id,
        "Arn": service.arn,
        "ResourceOwner": service.owner.account,
        "Name": service.name,
        "Type": "HTTP" if service.dns_config is None else "DNS_HTTP",
        "Description": service.description,
        "InstanceCount": len(service.instances),
        "DnsConfig": service.dns_config,
        "HealthCheckConfig": service.health_check,
        "HealthCheckCustomConfig": {"FailureThreshold": 1} if service.custom_health else None,
        "CreateDate": service.created,
        "CreatedByAccount": service.created_by,
    }
    return {name: value for name, value in described.items() if value is not None}


def _described(service: Service) -> dict[str, Any]:
    token = service.origin.request.get("CreatorRequestId")
    described = {**_summary(service), "NamespaceId": service.namespace_id}
    return {**described, "CreatorRequestId": token} if token else described
