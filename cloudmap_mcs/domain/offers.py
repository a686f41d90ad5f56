"""From a cluster's own objects to its Export, or to the reason why there is none (KEP-1645, "Exporting Services")."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.model import (
    Affinity,
    ClusterId,
    Export,
    Family,
    Pairs,
    Port,
    ServiceKey,
    ServiceType,
    Slice,
)
from cloudmap_mcs.domain.wellknown import Reason


class ServiceKind(StrEnum):
    """`spec.type` of a Service."""

    CLUSTER_IP = "ClusterIP"
    NODE_PORT = "NodePort"
    LOAD_BALANCER = "LoadBalancer"
    EXTERNAL_NAME = "ExternalName"


@dataclass(frozen=True, slots=True)
class ServiceSeen:
    """What matters of a Service. `is_derived` marks the derived Services that importers make."""

    key: ServiceKey
    kind: ServiceKind
    is_headless: bool
    ports: tuple[Port, ...]
    families: tuple[Family, ...]
    affinity: Affinity = Affinity.NONE
    affinity_timeout: int | None = None
    internal_traffic_policy: str | None = None
    traffic_distribution: str | None = None
    is_derived: bool = False


@dataclass(frozen=True, slots=True)
class ExportSeen:
    """What matters of a ServiceExport. `created` is in seconds since the epoch; `conditions` are all of its status."""

    key: ServiceKey
    uid: str
    generation: int
    created: int
    labels: Pairs = ()
    annotations: Pairs = ()
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class NoExport:
    """Why a key is not exported: a reason and message of the Valid condition, or None where nobody asked for it."""

    reason: Reason | None = None
    message: str = ""


def offer(
    cluster: ClusterId, export: ExportSeen | None, service: ServiceSeen | None, slices: Iterable[Slice]
) -> Export | NoExport:
    """Make this cluster's Export of a key, or say why there is none.

    KEP-1645, "Exporting Services": ExternalName is not exportable, a missing Service is a condition and not an error,
    and everything resumes by itself once the Service is there.
    """
    if export is None:
        return NoExport()
    if service is None:
        return NoExport(
            Reason.NO_SERVICE,
            f"no Service {export.key.name} in namespace {export.key.namespace}; create it to export it",
        )
    if service.kind is ServiceKind.EXTERNAL_NAME:
        return NoExport(
            Reason.INVALID_SERVICE_TYPE,
            "a Service of type ExternalName cannot be exported; use ClusterIP, NodePort, LoadBalancer or headless",
        )
    if service.is_derived:
        return NoExport(
            Reason.INVALID_SERVICE_TYPE,
            "this Service was itself derived from a ServiceImport; export the original in its own cluster",
        )
    return Export(
        key=export.key,
        cluster=cluster,
        created=export.created,
        type=ServiceType.HEADLESS if service.is_headless else ServiceType.CLUSTER_SET_IP,
        ports=service.ports,
        families=service.families,
        affinity=service.affinity,
        affinity_timeout=service.affinity_timeout,
        internal_traffic_policy=service.internal_traffic_policy,
        traffic_distribution=service.traffic_distribution,
        labels=export.labels,
        annotations=export.annotations,
    ).with_slices(slices)
