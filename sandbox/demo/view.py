"""What the demo looks at in a cluster, as small values."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cloudmap_mcs.domain.wellknown import LABEL_KUBE_SERVICE_NAME, LABEL_SERVICE_NAME, LABEL_SOURCE_CLUSTER
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.controlplane.client import KubeClient
    from sandbox.sandbox import Member

NAMESPACE: Final = "shop"
SERVICE: Final = "web"
PATIENCE_SECONDS: Final = 60.0
IMAGE_SECONDS: Final = 300.0
"""Real nodes pull the image first."""
_POLL_SECONDS: Final = 0.01


@dataclass(frozen=True, slots=True)
class Imported:
    """What one cluster has imported: clusterset IPs, the derived Service's IP, ready endpoints by source cluster."""

    ips: tuple[str, ...]
    derived_ip: str
    endpoints: tuple[tuple[str, int], ...]

    @property
    def by_source(self) -> dict[str, int]:
        return dict(self.endpoints)


@dataclass(frozen=True, slots=True)
class View:
    """One member cluster, seen by its administrator."""

    member: Member
    client: KubeClient

    @classmethod
    def of(cls, member: Member) -> View:
        return cls(member, member.client())

    def own_endpoints(self) -> int:
        """Count the ready endpoints of the cluster's own Service."""
        return sum(_ready(item) for item in self._slices(f"{LABEL_KUBE_SERVICE_NAME}={SERVICE}"))

    def has_export(self) -> bool:
        return (
            self.client.find(f"/apis/multicluster.x-k8s.io/v1beta1/namespaces/{NAMESPACE}/serviceexports/{SERVICE}")
            is not None
        )

    def imported(self) -> Imported | None:
        """Return what is imported; None when nothing of it is there at all."""
        found = self.client.find(f"/apis/multicluster.x-k8s.io/v1beta1/namespaces/{NAMESPACE}/serviceimports/{SERVICE}")
        slices = self._slices(f"{LABEL_SERVICE_NAME}={SERVICE}")
        services = self._list(
            f"/api/v1/namespaces/{NAMESPACE}/services?labelSelector=app.kubernetes.io/managed-by=cloudmap-mcs"
        )
        if found is None and not slices and not services:
            return None
        counts: dict[str, int] = {}
        for item in slices:
            source = item["metadata"]["labels"][LABEL_SOURCE_CLUSTER]
            counts[source] = counts.get(source, 0) + _ready(item)
        ips = tuple((found or {}).get("spec", {}).get("ips") or ())
        derived = services[0]["spec"].get("clusterIP", "") if services else ""
        return Imported(ips, derived, tuple(sorted(counts.items())))

    def imported_slices(self) -> list[str]:
        """Return the names of the imported slices."""
        return [item["metadata"]["name"] for item in self._slices(f"{LABEL_SERVICE_NAME}={SERVICE}")]

    def _slices(self, selector: str) -> list[dict[str, Any]]:
        path = f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices?labelSelector={selector}"
        return self._list(path)

    def _list(self, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.client.get(path)["items"]
        return items


def _ready(endpoint_slice: dict[str, Any]) -> int:
    return sum(item.get("conditions", {}).get("ready") is not False for item in endpoint_slice.get("endpoints") or ())


def wait_for(what: str, holds: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> float:
    """Poll until something holds; returns when it was seen (monotonic, seconds). SandboxError if it takes longer."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise SandboxError(f"not so within {seconds:g} s: {what}")
        time.sleep(_POLL_SECONDS)
    return time.monotonic()
