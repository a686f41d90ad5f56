"""What CloudFormation asks for: a custom resource's request (User Guide, "Custom resource request objects")."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from cloudmap_mcs.errors import PermanentError

_REQUIRED: Final = ("RequestType", "ResponseURL", "StackId", "RequestId", "LogicalResourceId", "ResourceType")


class Kind(StrEnum):
    """What is to become of the resource."""

    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


@dataclass(frozen=True, slots=True)
class Ticket:
    """Where the answer goes and what it has to repeat. The URL is a credential: it is never logged."""

    url: str
    stack_id: str
    request_id: str
    logical_id: str

    @property
    def partition(self) -> str:
        """The stack's, and so the cluster's: nothing reaches across partitions."""
        return self.stack_id.split(":")[1]


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `physical_id` is the resource's so far, empty before there is one; properties are as they came."""

    kind: Kind
    ticket: Ticket
    physical_id: str
    properties: Mapping[str, Any]
    resource_type: str


def read(event: Mapping[str, Any]) -> Request:
    """Read an event; PermanentError that names what is missing or wrong, which nobody can be told but the log."""
    missing = [name for name in _REQUIRED if not isinstance(event.get(name), str) or not event[name]]
    mistakes = [f"{name} is missing" for name in missing]
    if "RequestType" not in missing and event["RequestType"] not in list(Kind):
        mistakes.append(f"RequestType={event['RequestType']!r}: must be one of {', '.join(Kind)}")
    if "StackId" not in missing and not event["StackId"].startswith("arn:"):
        mistakes.append("StackId must be an ARN")
    if not isinstance(event.get("ResourceProperties"), Mapping):
        mistakes.append("ResourceProperties is missing")
    if mistakes:
        raise PermanentError("not a request of CloudFormation: " + "; ".join(mistakes))
    ticket = Ticket(event["ResponseURL"], event["StackId"], event["RequestId"], event["LogicalResourceId"])
    physical_id = str(event.get("PhysicalResourceId") or "")
    kind, properties = Kind(event["RequestType"]), event["ResourceProperties"]
    return Request(kind, ticket, physical_id, properties, event["ResourceType"])
