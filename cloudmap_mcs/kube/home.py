"""What a watcher asks of the cluster that it runs in, beside what its reflectors hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.imports import Seen
from cloudmap_mcs.domain.offers import ExportSeen
from cloudmap_mcs.kube.client import Call, KubeClient, Raw
from cloudmap_mcs.kube.conditions import FieldManager, apply_conditions
from cloudmap_mcs.kube.failures import NotFoundError
from cloudmap_mcs.kube.resources import LEASES, NAMESPACES


@dataclass(frozen=True, slots=True)
class Lease:
    """Who leads: `holder` is empty when nobody does. Times are in milliseconds since the epoch, by the holder's clock.

    Do not compare them with another clock; watch whether they change (coordination.k8s.io/v1).
    """

    holder: str
    seconds: int
    acquired_ms: int
    renewed_ms: int
    transitions: int = 0


class HomeCluster:
    """The exporting cluster as its watcher's process uses it; safe to share between threads."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def owner(self) -> str:
        """Return the UID of kube-system: which cluster this is, whatever id it claims."""
        uid: str = self._client.get(NAMESPACES.path("kube-system"))["metadata"]["uid"]
        return uid

    def write_conditions(self, export: ExportSeen, conditions: Iterable[Condition]) -> None:
        """Make these the watcher's conditions (Valid and Ready, always both) on exactly this ServiceExport."""
        manager = FieldManager.WATCHER
        apply_conditions(self._client, manager, export.key, uid=export.uid, conditions=conditions)

    def read_lease(self, namespace: str, name: str) -> Seen[Lease] | None:
        try:
            return _seen(self._client.get(LEASES.path(name, namespace=namespace)))
        except NotFoundError:
            return None

    def create_lease(self, namespace: str, name: str, lease: Lease) -> Seen[Lease]:
        """POST. StaleError if somebody else was faster."""
        body = {"apiVersion": LEASES.version, "kind": LEASES.kind, "metadata": {"name": name}, "spec": _spec(lease)}
        return _seen(self._client.request(Call("POST", LEASES.within(namespace), body=body)))

    def update_lease(self, seen: Seen[Lease], lease: Lease) -> Seen[Lease]:
        """PUT over exactly what was seen. StaleError if somebody else was faster."""
        metadata = seen.raw["metadata"]
        body = {**seen.raw, "spec": {**seen.raw["spec"], **_spec(lease)}}
        path = LEASES.path(metadata["name"], namespace=metadata["namespace"])
        return _seen(self._client.request(Call("PUT", path, body=body)))


def _spec(lease: Lease) -> Raw:
    return {
        "holderIdentity": lease.holder,
        "leaseDurationSeconds": lease.seconds,
        "acquireTime": _text(lease.acquired_ms),
        "renewTime": _text(lease.renewed_ms),
        "leaseTransitions": lease.transitions,
    }


def _seen(raw: Raw) -> Seen[Lease]:
    spec, metadata = raw.get("spec") or {}, raw["metadata"]
    lease = Lease(
        holder=spec.get("holderIdentity") or "",
        seconds=spec.get("leaseDurationSeconds") or 0,
        acquired_ms=_milliseconds(spec.get("acquireTime")),
        renewed_ms=_milliseconds(spec.get("renewTime")),
        transitions=spec.get("leaseTransitions") or 0,
    )
    return Seen(lease, metadata["uid"], metadata["resourceVersion"], raw)


def _text(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}000Z"


def _milliseconds(text: Any) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000) if text else 0
