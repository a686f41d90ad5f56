"""Projections for a watcher: raw objects of its own cluster → small frozen values; pure.

They raise what `manifests.reading.UNREADABLE` names where a newer Kubernetes says something that we do not know.
They keep only what an Export is made of, because a watcher holds one for every object in its cluster.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cloudmap_mcs.domain.imports import NamespaceState
from cloudmap_mcs.domain.model import Affinity, Family, ServiceKey, Slice, pairs
from cloudmap_mcs.domain.offers import ExportSeen, ServiceKind, ServiceSeen
from cloudmap_mcs.domain.wellknown import LABEL_KUBE_SERVICE_NAME
from cloudmap_mcs.kube.manifests.derived_service import HEADLESS, is_derived
from cloudmap_mcs.kube.manifests.fields import (
    affinity_timeout,
    decode_conditions,
    decode_endpoint,
    decode_families,
    decode_ports,
    epoch_seconds,
    labels_of,
)
from cloudmap_mcs.kube.manifests.imported_slice import is_imported

_FAMILIES: Final = {str(family): family for family in Family}


@dataclass(frozen=True, slots=True)
class SliceSeen:
    """An EndpointSlice of a Service of this cluster, and the key of that Service."""

    key: ServiceKey
    slice: Slice


@dataclass(frozen=True, slots=True)
class PropertySeen:
    """A ClusterProperty (KEP-2149)."""

    name: str
    value: str


def key_of(raw: Mapping[str, Any]) -> ServiceKey:
    return ServiceKey(raw["metadata"]["namespace"], raw["metadata"]["name"])


def service_seen(raw: Mapping[str, Any]) -> ServiceSeen:
    spec = raw["spec"]
    return ServiceSeen(
        key=key_of(raw),
        kind=ServiceKind(spec.get("type") or ServiceKind.CLUSTER_IP),
        is_headless=spec.get("clusterIP") == HEADLESS,
        ports=decode_ports(spec.get("ports")),
        families=decode_families(spec.get("ipFamilies")),
        affinity=Affinity(spec.get("sessionAffinity") or Affinity.NONE),
        affinity_timeout=affinity_timeout(spec),
        internal_traffic_policy=spec.get("internalTrafficPolicy"),
        traffic_distribution=spec.get("trafficDistribution"),
        is_derived=is_derived(raw),
    )


def export_seen(raw: Mapping[str, Any]) -> ExportSeen | None:
    """Read a ServiceExport; one that is being deleted is no wish to export any more, whoever holds it back."""
    metadata, spec = raw["metadata"], raw.get("spec") or {}
    if metadata.get("deletionTimestamp"):
        return None
    return ExportSeen(
        key=key_of(raw),
        uid=metadata["uid"],
        generation=metadata.get("generation", 0),
        created=epoch_seconds(metadata["creationTimestamp"]),
        labels=pairs(spec.get("exportedLabels")),
        annotations=pairs(spec.get("exportedAnnotations")),
        conditions=decode_conditions(raw),
    )


def slice_seen(raw: Mapping[str, Any]) -> SliceSeen | None:
    """Read an EndpointSlice of a Service. Imported ones, those of no Service and names instead of IPs are left out."""
    service = labels_of(raw).get(LABEL_KUBE_SERVICE_NAME)
    family = _FAMILIES.get(raw["addressType"])
    if not service or family is None or is_imported(raw):
        return None
    endpoints = [decode_endpoint(item) for item in raw.get("endpoints") or () if item.get("addresses")]
    key = ServiceKey(raw["metadata"]["namespace"], service)
    return SliceSeen(key, Slice.of(raw["metadata"]["name"], family, decode_ports(raw.get("ports")), endpoints))


def property_seen(raw: Mapping[str, Any]) -> PropertySeen | None:
    """Read a ClusterProperty; one without a spec says nothing, and the CRD allows it."""
    spec = raw.get("spec")
    return PropertySeen(raw["metadata"]["name"], spec["value"]) if spec else None


def namespace_state(raw: Mapping[str, Any]) -> NamespaceState:
    phase = (raw.get("status") or {}).get("phase")
    is_going = phase == "Terminating" or bool(raw["metadata"].get("deletionTimestamp"))
    return NamespaceState.TERMINATING if is_going else NamespaceState.PRESENT
