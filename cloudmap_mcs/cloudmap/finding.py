"""Finding the clusterset's namespace by its name, from any account that has access to it."""

from dataclasses import dataclass
from typing import Any

from cloudmap_mcs.cloudmap.calls import Calls
from cloudmap_mcs.cloudmap.rates import Buckets
from cloudmap_mcs.cloudmap.timing import Timer


@dataclass(frozen=True, slots=True)
class Found:
    """A namespace: other accounts than its owner's can name it by its ARN only."""

    id: str
    arn: str


def find_namespace(client: Any, name: str, *, owner: str, timer: Timer) -> Found | None:
    """Return the HTTP namespace of this name that belongs to the account `owner`; None if the caller sees none.

    ListNamespaces shows the caller's own and those that others share with it (Cloud Map Developer Guide, "Identifying
    a shared namespace"): whoever else shares one of the same name is not the hub. McsError as every call.
    """
    calls = Calls(client, Buckets(1, timer))
    wanted = {"TYPE": "HTTP", "NAME": name}
    filters = [{"Name": key, "Values": [value], "Condition": "EQ"} for key, value in wanted.items()]
    for item in calls.pages("ListNamespaces", "Namespaces", f"looking for the namespace {name}", Filters=filters):
        if item.get("ResourceOwner", owner) == owner and item["Arn"].split(":")[4] == owner:
            return Found(str(item["Id"]), str(item["Arn"]))
    return None
