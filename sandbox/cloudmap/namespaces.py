"""Namespaces: created, changed and deleted by operations; a name used before gets another HttpName."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.cloudmap.access import find_namespace, find_own_namespace, is_visible
from sandbox.cloudmap.errors import ApiError
from sandbox.cloudmap.listing import Condition, page_of
from sandbox.cloudmap.model import Call, Namespace, Origin, State
from sandbox.cloudmap.operations import Change, Desk
from sandbox.cloudmap.tagging import checked_tags

_HTTP_NAME_LENGTH = 1024
_FILTERS: Mapping[str, frozenset[str]] = {
    "TYPE": frozenset({"EQ", "BEGINS_WITH"}),
    "NAME": frozenset({"EQ", "BEGINS_WITH"}),
    "HTTP_NAME": frozenset({"EQ", "BEGINS_WITH"}),
    "RESOURCE_OWNER": frozenset({"EQ"}),
}


def create_http_namespace(state: State, desk: Desk, call: Call) -> dict[str, Any]:
    return _create(state, desk, call, "HTTP")


def create_private_dns_namespace(state: State, desk: Desk, call: Call) -> dict[str, Any]:
    return _create(state, desk, call, "DNS_PRIVATE")


def create_public_dns_namespace(state: State, desk: Desk, call: Call) -> dict[str, Any]:
    return _create(state, desk, call, "DNS_PUBLIC")


def _create(state: State, desk: Desk, call: Call, kind: str) -> dict[str, Any]:
    owner, params = call.caller, call.params
    existing = _same(state, call, kind)
    if existing is not None:
        if existing.origin.is_repeated_by(params):
            return {"OperationId": existing.origin.operation_id}
        raise ApiError(
            "NamespaceAlreadyExists",
            f"There is a namespace {existing.name} already.",
            NamespaceId=existing.id,
            CreatorRequestId=existing.origin.request.get("CreatorRequestId"),
        )
    identifier = state.new_id("ns-")
    lock = ("create", owner.account, owner.region, kind, params["Name"], params.get("Vpc", ""))
    change = Change("CREATE_NAMESPACE", owner, lock, {"NAMESPACE": identifier}, params)
    running = desk.repeated(change)
    if running is not None:
        return {"OperationId": running}
    taken = sum(namespace.owner == owner for namespace in state.namespaces.values())
    if taken + desk.running_kinds("CREATE_NAMESPACE", owner) >= state.settings.quotas.namespaces:
        raise ApiError("ResourceLimitExceeded", f"The quota is {state.settings.quotas.namespaces} namespaces.")
    tags = checked_tags(state, params.get("Tags", []), {}, identifier)
    operation_id: str | None = None

    def effect(moment: float) -> None:
        namespace = _built(state, call, kind, (identifier, moment, operation_id))
        state.namespaces[identifier] = namespace
        state.tags[identifier] = tags
        state.http_names[owner, namespace.http_name].record(moment, identifier, keep=state.keep())

    answer = desk.submit(change, effect)
    operation_id = answer["OperationId"]
    return answer


def _same(state: State, call: Call, kind: str) -> Namespace | None:
    wanted = (call.caller, kind, call.params["Name"], call.params.get("Vpc"))
    return next((n for n in state.namespaces.values() if (n.owner, n.kind, n.name, n.vpc) == wanted), None)


def _built(state: State, call: Call, kind: str, birth: tuple[str, float, str | None]) -> Namespace:
    identifier, moment, operation_id = birth
    name = call.params["Name"]
    http_name = name
    if (call.caller, name) in state.used_names:
        suffix = state.new_id("-", 10)
        http_name = name[: _HTTP_NAME_LENGTH - len(suffix)] + suffix
    state.used_names.add((call.caller, name))
    given = call.params.get("Properties", {}).get("DnsProperties", {"SOA": {"TTL": 15}})
    dns = None if kind == "HTTP" else {"HostedZoneId": state.new_id("Z", 20).upper(), **given}
    return Namespace(
        id=identifier,
        owner=call.caller,
        name=name,
        http_name=http_name,
        kind=kind,
        vpc=call.params.get("Vpc"),
        description=call.params.get("Description"),
        dns_properties=dns,
        created=moment,
        sequence=state.next_number(),
        origin=Origin(call.params, operation_id),
    )


def delete_namespace(state: State, desk: Desk, call: Call) -> dict[str, Any]:
    namespace = find_own_namespace(state, call.caller, call.params["Id"])
    if any(service.namespace_id == namespace.id for service in state.services.values()):
        raise ApiError("ResourceInUse", f"Namespace {namespace.id} contains services.")
    change = _change("DELETE_NAMESPACE", namespace, call)
    desk.repeated(change)

    def effect(moment: float) -> None:
        del state.namespaces[namespace.id]
        state.tags.pop(namespace.id, None)
        state.http_names[namespace.owner, namespace.http_name].record(moment, None, keep=state.keep())

    return desk.submit(change, effect)


def update_namespace(state: State, desk: Desk, call: Call) -> dict[str, Any]:
    """Change the description, and for DNS namespaces the SOA; what is not given stays."""
    namespace = find_own_namespace(state, call.caller, call.params["Id"])
    change = _change("UPDATE_NAMESPACE", namespace, call)
    running = desk.repeated(change)
    if running is not None:
        return {"OperationId": running}
    wanted = call.params["Namespace"]

    def effect(_moment: float) -> None:
        current = state.namespaces[namespace.id]
        dns = {**(current.dns_properties or {}), **wanted.get("Properties", {}).get("DnsProperties", {})}
        state.namespaces[namespace.id] = replace(
            current, description=wanted.get("Description", current.description), dns_properties=dns or None
        )

    return desk.submit(change, effect)


def update_for(kind: str, state: State, desk: Desk, call: Call) -> dict[str, Any]:
    """Change a namespace that must be of this kind; InvalidInput otherwise."""
    namespace = find_own_namespace(state, call.caller, call.params["Id"])
    if namespace.kind != kind:
        raise ApiError("InvalidInput", f"Namespace {namespace.id} is {namespace.kind}, not {kind}.")
    return update_namespace(state, desk, call)


def _change(kind: str, namespace: Namespace, call: Call) -> Change:
    lock = ("namespace", namespace.id)
    return Change(kind, namespace.owner, lock, {"NAMESPACE": namespace.id}, call.params)


def get_namespace(state: State, _desk: Desk, call: Call) -> dict[str, Any]:
    namespace = find_namespace(state, call.caller, call.params["Id"])
    token = namespace.origin.request.get("CreatorRequestId")
    return {"Namespace": {**_described(state, namespace), **({"CreatorRequestId": token} if token else {})}}


def list_namespaces(state: State, _desk: Desk, call: Call) -> dict[str, Any]:
    """List own and shared namespaces; pages first, then filters."""

    def holds(namespace: Namespace, condition: Condition) -> bool:
        owner = "SELF" if namespace.owner.account == call.caller.account else "OTHER_ACCOUNTS"
        return condition.holds(
            {
                "TYPE": namespace.kind,
                "NAME": namespace.name,
                "HTTP_NAME": namespace.http_name,
                "RESOURCE_OWNER": owner,
            }[condition.name]
        )

    visible = (n for n in state.namespaces.values() if is_visible(state, call.caller, n))
    found, rest = page_of("namespaces", call.params, visible, filters=_FILTERS, holds=holds)
    return {"Namespaces": [_described(state, namespace) for namespace in found], **rest}


def _described(state: State, namespace: Namespace) -> dict[str, Any]:
    properties: dict[str, Any] = {"HttpProperties": {"HttpName": namespace.http_name}}
    if namespace.dns_properties is not None:
        properties["DnsProperties"] = dict(namespace.dns_properties)
    described = {
        "Id": namespace.id,
        "Arn": namespace.arn,
        "ResourceOwner": namespace.owner.account,
        "Name": namespace.name,
        "Type": namespace.kind,
        "ServiceCount": sum(service.namespace_id == namespace.id for service in state.services.values()),
        "Properties": properties,
        "CreateDate": namespace.created,
    }
    return described if namespace.description is None else {**described, "Description": namespace.description}
