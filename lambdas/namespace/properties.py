"""The properties of both custom resources, as values.

`Custom::CloudmapMcsNamespace` has Name, HubAccount and HubRegion; `Custom::CloudmapMcsNamespaceContent` has NamespaceId
and HubRegion.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cloudmap_mcs.errors import PermanentError

_ALLOWED: Final[Mapping[str, tuple[str, str]]] = {
    "Name": (r"[!-~]{1,1024}", "the name of a Cloud Map namespace"),
    "HubAccount": (r"\d{12}", "an account id of 12 digits"),
    "HubRegion": (r"[a-z]{2,}(-[a-z]+)+-\d+", "a Region, such as eu-west-1"),
    "NamespaceId": (r"ns-[a-z0-9]+", "the id (ns-...) of a Cloud Map namespace"),
}


@dataclass(frozen=True, slots=True)
class Lookup:
    """Which namespace to find: by its name, and by whose it is."""

    name: str
    account: str
    region: str


@dataclass(frozen=True, slots=True)
class Content:
    """All that is in one namespace of the function's own account."""

    namespace_id: str
    region: str


def wanted(properties: Mapping[str, Any]) -> Lookup | Content:
    """Read the properties; PermanentError names every mistake and what is allowed."""
    if "NamespaceId" in properties:
        return Content(*_texts(properties, "NamespaceId", "HubRegion"))
    return Lookup(*_texts(properties, "Name", "HubAccount", "HubRegion"))


def _texts(properties: Mapping[str, Any], *names: str) -> list[str]:
    mistakes = []
    for name in names:
        value, (pattern, allowed) = properties.get(name), _ALLOWED[name]
        if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII):
            mistakes.append(f"{name}={value!r}: must be {allowed}")
    if mistakes:
        raise PermanentError("bad properties: " + "; ".join(mistakes))
    return [properties[name] for name in names]
