"""Finding what a caller names: by id in its own account, by ARN also in an account that shares with it."""

import re

from sandbox.cloudmap.errors import ApiError
from sandbox.cloudmap.model import Caller, Instance, Namespace, Service, State
from sandbox.cloudmap.sharing import is_shared

_ARN = re.compile(r"arn:aws[a-z-]*:servicediscovery:([a-z0-9-]+):(\d{12}):(namespace|service)/([a-z0-9-]+)")


def is_visible(state: State, caller: Caller, namespace: Namespace) -> bool:
    """Tell whether the caller may see a namespace: its own, and in its Region what is shared with its account."""
    if namespace.owner == caller:
        return True
    is_near = namespace.owner.region == caller.region
    return is_near and is_shared(state.shares.values(), namespace.arn, caller.account)


def find_namespace(state: State, caller: Caller, name: str) -> Namespace:
    """Return the namespace with this id or ARN; NamespaceNotFound."""
    owner, identifier = _parse(caller, name, "namespace")
    namespace = state.namespaces.get(identifier)
    if namespace is None or namespace.owner != owner or not is_visible(state, caller, namespace):
        raise ApiError("NamespaceNotFound", f"No namespace {name}.")
    return namespace


def find_own_namespace(state: State, caller: Caller, name: str) -> Namespace:
    """Return the caller's namespace; NamespaceNotFound, or AccessDeniedException for one that others share with it."""
    namespace = find_namespace(state, caller, name)
    if namespace.owner != caller:
        raise ApiError("AccessDeniedException", f"Namespace {name} belongs to account {namespace.owner.account}.")
    return namespace


def find_service(state: State, caller: Caller, name: str) -> Service:
    """Return the service with this id or ARN; ServiceNotFound."""
    owner, identifier = _parse(caller, name, "service")
    service = state.services.get(identifier)
    if (
        service is None
        or service.owner != owner
        or not is_visible(state, caller, state.namespaces[service.namespace_id])
    ):
        raise ApiError("ServiceNotFound", f"No service {name}.")
    return service


def find_instance(service: Service, name: str) -> Instance:
    """Return the service's instance with this id; InstanceNotFound."""
    instance = service.instances.get(name)
    if instance is None:
        raise ApiError("InstanceNotFound", f"No instance {name} in service {service.id}.")
    return instance


def find_tagged(state: State, caller: Caller, arn: str) -> str:
    """Return the id of the caller's namespace or service with this ARN; ResourceNotFoundException.

    What is shared has no tags for those it is shared with: AccessDeniedException.
    """
    match = _ARN.fullmatch(arn)
    if match is None:
        raise ApiError("InvalidInput", f"{arn!r} is not the ARN of a namespace or service.")
    try:
        find = find_namespace if match[3] == "namespace" else find_service
        found = find(state, caller, arn)
    except ApiError as error:
        raise ApiError("ResourceNotFoundException", f"No resource {arn}.") from error
    if found.owner != caller:
        raise ApiError("AccessDeniedException", f"Tags of {arn} are for its owner only.")
    return found.id


def _parse(caller: Caller, name: str, kind: str) -> tuple[Caller, str]:
    if not name.startswith("arn:"):
        return caller, name
    match = _ARN.fullmatch(name)
    if match is None or match[3] != kind:
        raise ApiError("InvalidInput", f"{name!r} is not the ARN of a {kind}.")
    return Caller(match[2], match[1]), match[4]
