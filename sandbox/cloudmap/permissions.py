"""What IAM is asked about each call: actions, the ARNs they are about and the condition keys, as tables.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudmap.html, resource types and condition
keys of each action. A resource type that is optional there counts if the request has one.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sandbox.cloudmap.model import Call, Caller, Namespace, Service, State
from sandbox.cloudmap.operations import Desk

_PREFIX = "servicediscovery:"


@dataclass(frozen=True, slots=True)
class Check:
    """One question to IAM: whether the caller may do `action` to `resource`, in this context of condition keys."""

    action: str
    resource: str = "*"
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """One call among all that there is."""

    state: State
    desk: Desk
    call: Call

    def arn(self, kind: str, name: str, owner: Caller | None = None) -> str:
        """Return the ARN of a name that may be one already."""
        whose = owner or self.call.caller
        return name if name.startswith("arn:") else f"arn:aws:{_PREFIX}{whose.region}:{whose.account}:{kind}/{name}"

    def namespace(self, name: str) -> Namespace | None:
        return self.state.namespaces.get(name.rpartition("/")[2])

    def service(self, name: str) -> Service | None:
        return self.state.services.get(name.rpartition("/")[2])


Resources = Callable[[Place], Iterator[str]]


def _everything(_place: Place) -> Iterator[str]:
    yield "*"


def _namespace_of(member: str) -> Resources:
    def resources(place: Place) -> Iterator[str]:
        yield place.arn("namespace", place.call.params[member])

    return resources


def _service_of(member: str) -> Resources:
    def resources(place: Place) -> Iterator[str]:
        yield place.arn("service", place.call.params[member])

    return resources


def _created_service(place: Place) -> Iterator[str]:
    """Yield the namespace, and the service to be, which is the namespace's owner's whoever creates it."""
    params = place.call.params
    name = params.get("NamespaceId") or params.get("DnsConfig", {}).get("NamespaceId", "ns-none")
    namespace = place.namespace(name)
    yield place.arn("namespace", name)
    yield place.arn("service", "srv-new", None if namespace is None else namespace.owner)


def _discovered(place: Place) -> Iterator[str]:
    """Yield the namespace and, if there is one of that name, the service."""
    params = place.call.params
    owner = Caller(params.get("OwnerAccount", place.call.caller.account), place.call.caller.region)
    line = place.state.http_names.get((owner, params["NamespaceName"]))
    identifier = (None if line is None else line.at(place.state.now)) or "ns-none"
    yield place.arn("namespace", identifier, owner)
    service = place.state.service_names.get(place.state.name_key(identifier, params["ServiceName"]))
    if service is not None:
        yield place.arn("service", service, owner)


def _followed(place: Place) -> Iterator[str]:
    operation = place.desk.operations.get(place.call.params["OperationId"])
    if operation is None:
        yield place.arn("namespace", "ns-none")
        return
    related = {**operation.change.targets, **operation.related}
    yield place.arn("namespace", related["NAMESPACE"], operation.change.owner)
    if "SERVICE" in related:
        yield place.arn("service", related["SERVICE"], operation.change.owner)


_ID, _SERVICE_ID = _namespace_of("Id"), _service_of("ServiceId")
_CREATOR = (f"{_PREFIX}ServiceCreatedByAccount",)
_OF_SERVICE = (f"{_PREFIX}ServiceArn",)
_NAMES = (f"{_PREFIX}NamespaceName", f"{_PREFIX}ServiceName")

PERMISSIONS: Mapping[str, tuple[Resources, tuple[str, ...]]] = MappingProxyType(
    {
        "CreateHttpNamespace": (_everything, ()),
        "CreatePrivateDnsNamespace": (_everything, ()),
        "CreatePublicDnsNamespace": (_everything, ()),
        "CreateService": (_created_service, (f"{_PREFIX}NamespaceArn",)),
        "DeleteNamespace": (_ID, ()),
        "DeleteService": (_service_of("Id"), _CREATOR),
        "DeleteServiceAttributes": (_SERVICE_ID, _CREATOR),
        "DeregisterInstance": (_SERVICE_ID, _OF_SERVICE + _CREATOR),
        "DiscoverInstances": (_discovered, _NAMES),
        "DiscoverInstancesRevision": (_discovered, _NAMES),
        "GetInstance": (_SERVICE_ID, _OF_SERVICE),
        "GetInstancesHealthStatus": (_SERVICE_ID, _OF_SERVICE),
        "GetNamespace": (_ID, ()),
        "GetOperation": (_followed, ()),
        "GetService": (_service_of("Id"), ()),
        "GetServiceAttributes": (_SERVICE_ID, ()),
        "ListInstances": (_SERVICE_ID, _OF_SERVICE),
        "ListNamespaces": (_everything, ()),
        "ListOperations": (_everything, ()),
        "ListServices": (_everything, ()),
        "ListTagsForResource": (_everything, ()),
        "RegisterInstance": (_SERVICE_ID, _OF_SERVICE + _CREATOR),
        "TagResource": (_everything, ()),
        "UntagResource": (_everything, ()),
        "UpdateHttpNamespace": (_ID, ()),
        "UpdateInstanceCustomHealthStatus": (_SERVICE_ID, _OF_SERVICE + _CREATOR),
        "UpdatePrivateDnsNamespace": (_ID, ()),
        "UpdatePublicDnsNamespace": (_ID, ()),
        "UpdateService": (_service_of("Id"), _CREATOR),
        "UpdateServiceAttributes": (_SERVICE_ID, _CREATOR),
    }
)
"""Every operation of the API → the ARNs it is about, and the condition keys it has beside tags."""


def checks_of(operation: str, place: Place) -> Iterator[Check]:
    """Yield what must be allowed for one valid request; tags given at creation are an action of their own."""
    find, keys = PERMISSIONS[operation]
    resources = list(find(place))
    values = _values(place, resources)
    context = {key: values[key] for key in keys if key in values}
    for resource in resources:
        yield Check(_PREFIX + operation, resource, context | _tags_of(place, resource))
    if operation.startswith("Create") and place.call.params.get("Tags"):
        yield Check(f"{_PREFIX}TagResource")


def _values(place: Place, resources: list[str]) -> dict[str, str]:
    params, found = place.call.params, {}
    for arn in resources:
        service = place.service(arn)
        if service is not None:
            found[f"{_PREFIX}ServiceCreatedByAccount"] = service.created_by
        kind = arn.rpartition(":")[2].partition("/")[0]
        if kind in ("namespace", "service"):
            found[f"{_PREFIX}{kind.capitalize()}Arn"] = arn
    named = {member: params[member] for member in ("NamespaceName", "ServiceName") if member in params}
    return found | {f"{_PREFIX}{member}": value for member, value in named.items()}


def _tags_of(place: Place, arn: str) -> dict[str, str]:
    tags = place.state.tags.get(arn.rpartition("/")[2], {})
    return {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
