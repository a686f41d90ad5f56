"""A cluster in memory: whatever is created in it is there at once, and pods run."""

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.clusters import CLUSTER_ID, Cluster
from tests.conformance.objects import Manifest

Key = tuple[str, str]

_ASKED = re.compile(r"nslookup -type=A (\S+)\.$")


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class SmallCluster(Cluster):
    """Objects by kind and name, all in one namespace; `changed` is called after each change made from outside.

    `names` are what its DNS knows, with their IPv4 addresses.
    """

    api: Any = None
    held: dict[Key, Manifest] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    changed: list[Callable[[], None]] = field(default_factory=lambda: [_nothing])

    def put(self, manifest: Manifest) -> Manifest:
        """Have an object as it is, whether or not there was one."""
        self.held[manifest["kind"], manifest["metadata"]["name"]] = manifest
        return manifest

    def drop(self, kind: str) -> None:
        """Have no objects of a kind any more."""
        for key in [key for key in self.held if key[0] == kind]:
            del self.held[key]

    def of(self, kind: str) -> list[Manifest]:
        """Give the objects of a kind themselves, for changing."""
        return [one for (its, _), one in self.held.items() if its == kind]

    def find(self, kind: str, name: str, namespace: str = "") -> Manifest | None:  # noqa: ARG002
        return deepcopy(self.held.get((kind, name)))

    def objects(self, kind: str, namespace: str = "", *, labels: str = "") -> list[Manifest]:  # noqa: ARG002
        wanted = dict(label.split("=") for label in labels.split(",") if label)
        return [deepcopy(one) for one in self.of(kind) if wanted.items() <= one["metadata"].get("labels", {}).items()]

    def create(self, manifest: Manifest, namespace: str = "") -> Manifest:  # noqa: ARG002
        made = deepcopy(manifest)
        if made["kind"] == "Pod":
            made["status"] = {"phase": "Running"}
        self.put(made)
        self.changed[0]()
        return made

    def delete(self, kind: str, name: str, namespace: str = "") -> None:  # noqa: ARG002
        self.held.pop((kind, name), None)
        self.changed[0]()

    def run(self, pod: str, namespace: str, script: str) -> str:  # noqa: ARG002
        """Answer nslookup for A records, and print nothing for anything else."""
        asked = _ASKED.match(script)
        found = self.names.get(asked[1], []) if asked else []
        return "Server:\t10.0.0.10\r\n" + "".join(f"\r\nName:\tx\r\nAddress: {one}\r\n" for one in found)


def small_cluster(name: str) -> SmallCluster:
    cluster = SmallCluster(name, name)
    cluster.put({"kind": "ClusterProperty", "metadata": {"name": CLUSTER_ID}, "spec": {"value": f"id-of-{name}"}})
    return cluster
