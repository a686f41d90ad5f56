"""The clusterset's namespace in somebody else's Cloud Map: refused if it is there, removed when asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPERATION_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.2


def require_free(client: Any, url: str, namespace: str) -> None:
    """Return if there is no such namespace; SandboxError if there is, or if Cloud Map does not let us look."""
    try:
        found = find_namespace(client, namespace)
    except (ClientError, BotoCoreError) as error:
        raise SandboxError(f"the Cloud Map at {url} does not answer as it should: {error}") from error
    if found is not None:
        raise SandboxError(
            f"the Cloud Map at {url} has a namespace {namespace} ({found}) already, from another sandbox or an earlier "
            f"run. If nothing uses it any more, remove it and all that is in it: make down CLOUDMAP_ENDPOINT={url}"
        )


def remove_namespace(client: Any, url: str, namespace: str) -> int | None:
    """Remove the namespace with its services and instances; return how many services, None if there was nothing."""
    try:
        identifier = find_namespace(client, namespace)
        if identifier is None:
            return None
        services = list(_services(client, identifier))
        for service in services:
            _empty(client, service)
            client.delete_service(Id=service)
        _finish(client, client.delete_namespace(Id=identifier)["OperationId"])
    except (ClientError, BotoCoreError) as error:
        raise SandboxError(f"the namespace {namespace} at {url} could not be removed: {error}") from error
    return len(services)


def find_namespace(client: Any, name: str) -> str | None:
    """Return the id of the HTTP namespace with this name."""
    pages = client.get_paginator("list_namespaces").paginate(
        Filters=[{"Name": "TYPE", "Values": ["HTTP"], "Condition": "EQ"}]
    )
    return next((str(item["Id"]) for page in pages for item in page["Namespaces"] if item["Name"] == name), None)


def _services(client: Any, namespace: str) -> Iterator[str]:
    wanted = [{"Name": "NAMESPACE_ID", "Values": [namespace], "Condition": "EQ"}]
    for page in client.get_paginator("list_services").paginate(Filters=wanted):
        for service in page["Services"]:
            yield service["Id"]


def _empty(client: Any, service: str) -> None:
    pages = client.get_paginator("list_instances").paginate(ServiceId=service)
    instances = [item["Id"] for page in pages for item in page["Instances"]]
    operations = [client.deregister_instance(ServiceId=service, InstanceId=name)["OperationId"] for name in instances]
    for operation in operations:
        _finish(client, operation)


def _finish(client: Any, operation: str) -> None:
    deadline = time.monotonic() + _OPERATION_SECONDS
    while time.monotonic() < deadline:
        found = client.get_operation(OperationId=operation)["Operation"]
        if found["Status"] == "SUCCESS":
            return
        if found["Status"] == "FAIL":
            raise SandboxError(f"Cloud Map could not finish: {found.get('ErrorMessage', operation)}")
        time.sleep(_POLL_SECONDS)
    raise SandboxError(f"Cloud Map did not finish within {_OPERATION_SECONDS:g} s")
