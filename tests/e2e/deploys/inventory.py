"""Every object of a cluster, so that what a deploy made and a destroy left behind can be told."""

from collections.abc import Iterator
from typing import Any

from sandbox.controlplane.client import KubeClient

_OWN_BUSINESS = {"Event", "Lease", "PodMetrics", "NodeMetrics"}
"""Kinds that a cluster makes and changes all the time by itself."""

_BOOKKEEPING = ("managedFields", "resourceVersion", "generation")

Inventory = dict[str, dict[str, Any]]


def inventory(client: KubeClient) -> Inventory:
    """Read every object of every kind that can be listed, by kind, namespace and name, without bookkeeping."""
    return {
        f"{kind} {item['metadata'].get('namespace', '')}/{item['metadata']['name']}": _bare(item)
        for path, kind in sorted(_listable(client))
        for item in client.get(path)["items"]
    }


def differences(before: Inventory, after: Inventory) -> dict[str, str]:
    """Say of every object that is not the same any more what became of it."""
    gone = dict.fromkeys(before.keys() - after.keys(), "gone")
    new = dict.fromkeys(after.keys() - before.keys(), "new")
    changed = {
        name: f"changed: {before[name]} became {after[name]}"
        for name in before.keys() & after.keys()
        if before[name] != after[name]
    }
    return {**gone, **new, **changed}


def _listable(client: KubeClient) -> Iterator[tuple[str, str]]:
    roots = [("/api/v1", client.get("/api/v1"))]
    for group in client.get("/apis")["groups"]:
        root = f"/apis/{group['preferredVersion']['groupVersion']}"
        roots.append((root, client.get(root)))
    for root, found in roots:
        for resource in found["resources"]:
            if "list" in resource["verbs"] and "/" not in resource["name"] and resource["kind"] not in _OWN_BUSINESS:
                yield f"{root}/{resource['name']}", resource["kind"]


def _bare(item: dict[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in item["metadata"].items() if name not in _BOOKKEEPING}
    return {**item, "metadata": metadata}
