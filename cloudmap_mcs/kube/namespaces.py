"""Projection for a watcher: raw Namespace → a small frozen value; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloudmap_mcs.domain.imports import NamespaceState
from cloudmap_mcs.kube.exports import namespace_state


@dataclass(frozen=True, slots=True)
class NamespaceSeen:
    """A namespace that objects can be made in. The UID tells it from an earlier one of the same name."""

    name: str
    uid: str


def namespace_seen(raw: Mapping[str, Any]) -> NamespaceSeen | None:
    """Read a Namespace; one that is being deleted takes nothing new, so it is as good as gone."""
    if namespace_state(raw) is NamespaceState.TERMINATING:
        return None
    return NamespaceSeen(raw["metadata"]["name"], raw["metadata"]["uid"])
