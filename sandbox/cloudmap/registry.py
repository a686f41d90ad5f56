"""The whole Cloud Map as one object: requests in, answers or errors out; no I/O, time and randomness are given."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from sandbox.cloudmap import discovery, instances, namespaces, operations, services, tagging
from sandbox.cloudmap.errors import ApiError
from sandbox.cloudmap.model import Call, Caller, State
from sandbox.cloudmap.operations import Desk
from sandbox.cloudmap.permissions import Check, Place, checks_of
from sandbox.cloudmap.requests import REQUESTS
from sandbox.cloudmap.settings import Settings
from sandbox.cloudmap.sharing import Share

Handler = Callable[[State, Desk, Call], dict[str, Any]]

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        "CreateHttpNamespace": namespaces.create_http_namespace,
        "CreatePrivateDnsNamespace": namespaces.create_private_dns_namespace,
        "CreatePublicDnsNamespace": namespaces.create_public_dns_namespace,
        "CreateService": services.create_service,
        "DeleteNamespace": namespaces.delete_namespace,
        "DeleteService": services.delete_service,
        "DeleteServiceAttributes": services.delete_service_attributes,
        "DeregisterInstance": instances.deregister_instance,
        "DiscoverInstances": discovery.discover_instances,
        "DiscoverInstancesRevision": discovery.discover_instances_revision,
        "GetInstance": instances.get_instance,
        "GetInstancesHealthStatus": instances.get_instances_health_status,
        "GetNamespace": namespaces.get_namespace,
        "GetOperation": operations.get_operation,
        "GetService": services.get_service,
        "GetServiceAttributes": services.get_service_attributes,
        "ListInstances": instances.list_instances,
        "ListNamespaces": namespaces.list_namespaces,
        "ListOperations": operations.list_operations,
        "ListServices": services.list_services,
        "ListTagsForResource": tagging.list_tags_for_resource,
        "RegisterInstance": instances.register_instance,
        "TagResource": tagging.tag_resource,
        "UntagResource": tagging.untag_resource,
        "UpdateHttpNamespace": partial(namespaces.update_for, "HTTP"),
        "UpdateInstanceCustomHealthStatus": instances.update_instance_custom_health_status,
        "UpdatePrivateDnsNamespace": partial(namespaces.update_for, "DNS_PRIVATE"),
        "UpdatePublicDnsNamespace": partial(namespaces.update_for, "DNS_PUBLIC"),
        "UpdateService": services.update_service,
        "UpdateServiceAttributes": services.update_service_attributes,
    }
)
"""Every operation of the API → the rule that answers it."""


class Registry:
    """Cloud Map of all accounts and Regions; not thread-safe."""

    def __init__(self, settings: Settings, rng: random.Random) -> None:
        self._state = State(settings, rng)
        self._desk = Desk(self._state)

    def configure(self, settings: Settings) -> None:
        """Use other settings from the next call on; operations in flight keep their time and fate."""
        self._state.configure(settings)

    def call(self, operation: str, params: Any, caller: Caller, now: float) -> dict[str, Any]:
        """Answer one call made at `now` (seconds, never going back); ApiError as the real service would send it."""
        self._desk.advance(now)
        problems = list(REQUESTS[operation].problems(params, ""))
        if problems:
            raise ApiError("InvalidInput", f"{len(problems)} validation errors detected: {'; '.join(problems)}")
        return HANDLERS[operation](self._state, self._desk, Call(caller, params))

    def checks(self, operation: str, params: Any, caller: Caller, now: float) -> Sequence[Check]:
        """Return what the caller must be allowed for this request; nothing for one that is not valid anyway."""
        self._desk.advance(now)
        if any(REQUESTS[operation].problems(params, "")):
            return ()
        return tuple(checks_of(operation, Place(self._state, self._desk, Call(caller, params))))

    def share(self, share: Share) -> None:
        """Add a resource share, or replace the one of that name."""
        self._state.shares[share.name] = share

    def unshare(self, name: str) -> bool:
        """Remove a resource share; tells whether there was one."""
        return self._state.shares.pop(name, None) is not None

    def dump(self, now: float) -> dict[str, Any]:
        """Return what there is at `now`, for tests: the control plane's view of everything, as JSON values."""
        self._desk.advance(now)
        state = self._state
        statuses = Counter(operation.status(now)[0] for operation in self._desk.operations.values())
        return {
            "namespaces": {
                n.id: {"arn": n.arn, "name": n.name, "httpName": n.http_name, "type": n.kind}
                for n in state.namespaces.values()
            },
            "services": {
                s.id: {
                    "arn": s.arn,
                    "namespaceId": s.namespace_id,
                    "name": s.name,
                    "revision": s.revision,
                    "attributes": dict(s.attributes),
                    "instances": {i.id: {"attributes": i.attributes, "health": i.health} for i in s.instances.values()},
                }
                for s in state.services.values()
            },
            "operations": dict(statuses),
            "tags": state.tags,
            "shares": {
                share.name: {"namespaces": list(share.namespaces), "accounts": list(share.accounts)}
                for share in state.shares.values()
            },
        }
