"""Instances: registered (an upsert) and deregistered by operations, read from the control plane, with their health."""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sandbox.cloudmap.access import find_instance, find_service
from sandbox.cloudmap.errors import ApiError
from sandbox.cloudmap.limits import MAX_ATTRIBUTE_CHARACTERS, MAX_ATTRIBUTES, RECORD_ATTRIBUTES
from sandbox.cloudmap.listing import page_of
from sandbox.cloudmap.model import Call, Instance, Origin, Service, State
from sandbox.cloudmap.operations import Change, Desk

_HIGHEST_PORT = 65535


def register_instance(state: State, desk: Desk, call: Call) -> dict[str, Any]:
    """Accept a registration; when it succeeds the attributes replace all the instance had."""
    service = find_service(state, call.caller, call.params["ServiceId"])
    identifier = call.params["InstanceId"]
    _check_attributes(state, service, call.params["Attributes"])
    change = _change("REGISTER_INSTANCE", service, call)
    running = desk.repeated(change)
    if running is not None:
        return {"OperationId": running}
    present = service.instances.get(identifier)
    if present is not None and present.origin.is_repeated_by(call.params):
        return {"OperationId": present.origin.operation_id}
    if present is None:
        _check_quotas(state, service)
    state.claims[service.id].add(identifier)
    operation_id: str | None = None

    def effect(moment: float) -> None:
        _put(state, service.id, call, (moment, operation_id))

    def undo(_moment: float) -> None:
        if identifier not in state.services[service.id].instances:
            state.claims[service.id].discard(identifier)

    answer = desk.submit(change, effect, undo=undo, NAMESPACE=service.namespace_id)
    operation_id = answer["OperationId"]
    return answer


def _put(state: State, service_id: str, call: Call, when: tuple[float, str | None]) -> None:
    service = state.services[service_id]
    identifier = call.params["InstanceId"]
    attributes = _completed(call.params["Attributes"])
    before = service.instances.get(identifier)
    health = None
    if service.has_health:
        known = "HEALTHY" if before is None else before.health
        health = attributes.get("AWS_INIT_HEALTH_STATUS", known)
    instance = Instance(
        id=identifier,
        attributes=attributes,
        health=health,
        created_by=call.caller.account,
        sequence=state.next_number() if before is None else before.sequence,
        origin=Origin(call.params, when[1]),
    )
    rule = state.settings.reregistration_revision
    moves = before is None or rule == "always" or (rule == "changed" and before.attributes != attributes)
    state.store(
        replace(
            service,
            revision=service.revision + moves,
            instances={**service.instances, identifier: instance},
        ),
        when[0],
    )


def deregister_instance(state: State, desk: Desk, call: Call) -> dict[str, Any]:
    service = find_service(state, call.caller, call.params["ServiceId"])
    identifier = call.params["InstanceId"]
    change = _change("DEREGISTER_INSTANCE", service, call)
    desk.repeated(change)
    find_instance(service, identifier)

    def effect(moment: float) -> None:
        current = state.services[service.id]
        left = {name: instance for name, instance in current.instances.items() if name != identifier}
        state.claims[service.id].discard(identifier)
        state.store(replace(current, revision=current.revision + 1, instances=left), moment)

    return desk.submit(change, effect, NAMESPACE=service.namespace_id)


def _change(kind: str, service: Service, call: Call) -> Change:
    identifier = call.params["InstanceId"]
    targets = {"SERVICE": service.id, "INSTANCE": identifier}
    return Change(kind, service.owner, ("instance", service.id, identifier), targets, call.params)


def _check_quotas(state: State, service: Service) -> None:
    quotas = state.settings.quotas
    if len(state.claims[service.id]) >= quotas.instances_per_service:
        raise ApiError("ResourceLimitExceeded", f"The quota is {quotas.instances_per_service} instances in a service.")
    in_namespace = sum(
        len(state.claims[other.id]) for other in state.services.values() if other.namespace_id == service.namespace_id
    )
    if in_namespace >= quotas.instances_per_namespace:
        raise ApiError(
            "ResourceLimitExceeded", f"The quota is {quotas.instances_per_namespace} instances in a namespace."
        )


def _check_attributes(state: State, service: Service, attributes: Mapping[str, str]) -> None:
    counted = len(attributes)
    if not state.settings.reserved_attributes_count:
        counted -= sum(key.startswith("AWS_") for key in attributes)
    if counted > MAX_ATTRIBUTES:
        raise ApiError("InvalidInput", f"An instance can have {MAX_ATTRIBUTES} attributes, not {counted}.")
    characters = sum(len(key) + len(value) for key, value in attributes.items())
    if characters > MAX_ATTRIBUTE_CHARACTERS:
        raise ApiError(
            "InvalidInput",
            f"Keys and values of an instance can have {MAX_ATTRIBUTE_CHARACTERS} characters, not {characters}.",
        )
    if any(key.startswith("AWS_") for key in attributes) or service.dns_config is not None:
        _check_reserved(state, service, attributes)


def _check_reserved(state: State, service: Service, attributes: Mapping[str, str]) -> None:
    is_http = state.namespaces[service.namespace_id].kind == "HTTP"
    initial = attributes.get("AWS_INIT_HEALTH_STATUS")
    has_alias = "AWS_ALIAS_DNS_NAME" in attributes
    has_ec2 = "AWS_EC2_INSTANCE_ID" in attributes
    others = {key for key in attributes if key.startswith("AWS_")} - {"AWS_INIT_HEALTH_STATUS", "AWS_EC2_INSTANCE_ID"}
    rules = (
        (initial is not None and not service.custom_health, "AWS_INIT_HEALTH_STATUS wants HealthCheckCustomConfig"),
        (initial not in (None, "HEALTHY", "UNHEALTHY"), "AWS_INIT_HEALTH_STATUS is HEALTHY or UNHEALTHY"),
        (has_ec2 and not is_http, "AWS_EC2_INSTANCE_ID is for HTTP namespaces only"),
        (has_ec2 and bool(others), f"AWS_EC2_INSTANCE_ID excludes {', '.join(sorted(others))}"),
        (
            has_alias and any(key.startswith("AWS_INSTANCE_") for key in attributes),
            "AWS_ALIAS_DNS_NAME excludes the AWS_INSTANCE attributes",
        ),
    )
    for is_broken, message in rules:
        if is_broken:
            raise ApiError("InvalidInput", f"Attributes: {message}.")
    if service.dns_config is not None and not has_alias:
        _check_records(service.dns_config, attributes)


def _check_records(config: Mapping[str, Any], attributes: Mapping[str, str]) -> None:
    for record in config["DnsRecords"]:
        for group in RECORD_ATTRIBUTES[record["Type"]]:
            if not any(key in attributes for key in group):
                raise ApiError("InvalidInput", f"A record of type {record['Type']} wants {' or '.join(group)}.")
    for key, is_valid in _VALID.items():
        if key in attributes and not is_valid(attributes[key]):
            raise ApiError("InvalidInput", f"{key} cannot be {attributes[key]!r}.")


def _is_address(version: int) -> Callable[[str], bool]:
    def is_valid(text: str) -> bool:
        try:
            return ipaddress.ip_address(text).version == version
        except ValueError:
            return False

    return is_valid


_VALID: Mapping[str, Callable[[str], bool]] = {
    "AWS_INSTANCE_IPV4": _is_address(4),
    "AWS_INSTANCE_IPV6": _is_address(6),
    "AWS_INSTANCE_PORT": lambda text: text.isascii() and text.isdigit() and int(text) <= _HIGHEST_PORT,
}


def _completed(attributes: Mapping[str, str]) -> Mapping[str, str]:
    """Return the attributes with the address that Cloud Map looks up for an EC2 instance (here: a made-up one)."""
    identifier = attributes.get("AWS_EC2_INSTANCE_ID")
    if identifier is None:
        return attributes
    number = sum(identifier.encode()) % 2**16
    return {**attributes, "AWS_INSTANCE_IPV4": f"10.0.{number // 256}.{number % 256}"}


def get_instance(state: State, _desk: Desk, call: Call) -> dict[str, Any]:
    service = find_service(state, call.caller, call.params["ServiceId"])
    instance = find_instance(service, call.params["InstanceId"])
    token = instance.origin.request.get("CreatorRequestId")
    described = _summary(instance) | ({"CreatorRequestId": token} if token else {})
    return {"ResourceOwner": service.owner.account, "Instance": described}


def list_instances(state: State, _desk: Desk, call: Call) -> dict[str, Any]:
    service = find_service(state, call.caller, call.params["ServiceId"])
    found, rest = page_of(f"instances of {service.id}", call.params, service.instances.values())
    return {"ResourceOwner": service.owner.account, "Instances": [_summary(instance) for instance in found], **rest}


def _summary(instance: Instance) -> dict[str, Any]:
    return {"Id": instance.id, "Attributes": dict(instance.attributes), "CreatedByAccount": instance.created_by}


def update_instance_custom_health_status(state: State, desk: Desk, call: Call) -> dict[str, Any]:
    """Change the health after `health_delay`; the revision does not move."""
    service = find_service(state, call.caller, call.params["ServiceId"])
    instance = find_instance(service, call.params["InstanceId"])
    if not service.custom_health:
        raise ApiError("CustomHealthNotFound", f"Service {service.id} has no custom health check.")
    status = call.params["Status"]

    def effect(moment: float) -> None:
        current = state.services.get(service.id)
        known = None if current is None else current.instances.get(instance.id)
        if current is not None and known is not None and known.sequence == instance.sequence:
            changed = {**current.instances, known.id: replace(known, health=status)}
            state.store(replace(current, instances=changed), moment)

    desk.schedule(state.now + state.settings.health_delay, effect)
    return {}


def get_instances_health_status(state: State, _desk: Desk, call: Call) -> dict[str, Any]:
    service = find_service(state, call.caller, call.params["ServiceId"])
    names = call.params.get("Instances")
    wanted = service.instances.values() if names is None else [find_instance(service, name) for name in names]
    ordered = sorted(wanted, key=lambda instance: instance.sequence)
    found, rest = page_of(f"health of {service.id}", call.params, ordered)
    return {"Status": {instance.id: instance.health or "UNKNOWN" for instance in found}, **rest}
