"""ImportedSlice ↔ EndpointSlice (KEP-1645, "EndpointSlice")."""

import copy
from collections.abc import Mapping
from typing import Any, Final

from cloudmap_mcs.domain import names
from cloudmap_mcs.domain.imports import Hints, ImportedSlice
from cloudmap_mcs.domain.model import ClusterId, Endpoint, Family, ServiceKey
from cloudmap_mcs.domain.wellknown import (
    ANNOTATION_GENERATION,
    ANNOTATION_HINTS,
    ANNOTATION_SERVICE_ID,
    ANNOTATION_SOURCE_SLICE,
    LABEL_KUBE_SERVICE_NAME,
    LABEL_SERVICE_NAME,
    LABEL_SLICE_MANAGED_BY,
    LABEL_SOURCE_CLUSTER,
    MANAGED_BY,
)
from cloudmap_mcs.kube.manifests.fields import (
    Raw,
    annotations_of,
    decode_endpoint,
    decode_ports,
    encode_ports,
    labels_of,
    texts_in,
)
from cloudmap_mcs.kube.manifests.reading import Reading, listed, mapped
from cloudmap_mcs.kube.resources import ENDPOINT_SLICES

NOWHERE: Final = "in-another-cluster.invalid"
"""A node name that no node has: `.invalid` is reserved (RFC 2606). kube-proxy wants a node hint on every endpoint."""


def encode(value: ImportedSlice, observed: Mapping[str, Any] | None = None) -> Raw:
    """Make the manifest to POST, or the one to PUT over `observed`."""
    before = observed["metadata"] if observed else {}
    metadata: Raw = {**copy.deepcopy(dict(before)), "name": value.name, "namespace": value.key.namespace}
    metadata.pop("managedFields", None)
    metadata["labels"] = {**texts_in(metadata.get("labels")), **_labels(value.key, value.source)}
    metadata["annotations"] = {
        **texts_in(metadata.get("annotations")),
        ANNOTATION_SOURCE_SLICE: value.source_slice,
        ANNOTATION_GENERATION: str(value.generation),
        ANNOTATION_SERVICE_ID: value.service_id,
        ANNOTATION_HINTS: value.hints.value,
    }
    return {
        "apiVersion": ENDPOINT_SLICES.version,
        "kind": ENDPOINT_SLICES.kind,
        "metadata": metadata,
        "addressType": str(value.family),
        "ports": encode_ports(value.ports),
        "endpoints": [_encode_endpoint(endpoint, value.hints) for endpoint in value.endpoints],
    }


def decode(raw: Mapping[str, Any]) -> ImportedSlice:
    """Read an imported slice, whatever somebody made of it.

    Where a field cannot be read, or a label or hint that is no part of the value was changed, `source_slice` reads as
    empty, which no desired slice has: the value differs and the write repairs it.
    """
    metadata, labels, annotations = raw["metadata"], labels_of(raw), annotations_of(raw)
    reading = Reading()
    key = ServiceKey(metadata["namespace"], labels.get(LABEL_SERVICE_NAME, ""))
    source = ClusterId(labels.get(LABEL_SOURCE_CLUSTER, ""))
    endpoints = reading.read(_decode_endpoints, raw.get("endpoints"), ())
    family = reading.read(Family, raw.get("addressType"), Family.IPV4)
    ports = reading.read(decode_ports, raw.get("ports"), ())
    hints = reading.read(Hints, annotations.get(ANNOTATION_HINTS), Hints.NONE)
    has_hints = reading.read(lambda found: _has_hints(found, endpoints, hints), raw.get("endpoints"), otherwise=False)
    is_whole = reading.is_whole and has_hints and _labels(key, source).items() <= labels.items()
    return ImportedSlice(
        key=key,
        name=metadata["name"],
        source=source,
        source_slice=annotations.get(ANNOTATION_SOURCE_SLICE, "") if is_whole else "",
        family=family,
        ports=ports,
        endpoints=endpoints,
        hints=hints,
        generation=Reading().read(_decode_generation, annotations.get(ANNOTATION_GENERATION, ""), 0),
        service_id=annotations.get(ANNOTATION_SERVICE_ID, ""),
    )


def is_ours(raw: Mapping[str, Any]) -> bool:
    return labels_of(raw).get(LABEL_SLICE_MANAGED_BY) == MANAGED_BY


def is_imported(raw: Mapping[str, Any]) -> bool:
    """Say whether any implementation imported this slice; what is imported is never exported again."""
    return LABEL_SOURCE_CLUSTER in labels_of(raw)


def _labels(key: ServiceKey, source: str) -> dict[str, str]:
    return {
        LABEL_SERVICE_NAME: key.name,
        LABEL_SOURCE_CLUSTER: source,
        LABEL_SLICE_MANAGED_BY: MANAGED_BY,
        LABEL_KUBE_SERVICE_NAME: names.derived_service(key),
    }


def _encode_endpoint(endpoint: Endpoint, hints: Hints) -> Raw:
    fields: Raw = {
        "addresses": [endpoint.address],
        "conditions": {
            "ready": endpoint.ready,
            "serving": endpoint.serving,
            "terminating": endpoint.terminating,
        },
    }
    optional = {"hostname": endpoint.hostname, "nodeName": endpoint.node, "zone": endpoint.zone}
    fields |= {field: value for field, value in optional.items() if value}
    wanted = _encode_hints(endpoint, hints)
    return fields | ({"hints": wanted} if wanted else {})


def _encode_hints(endpoint: Endpoint, hints: Hints) -> Raw:
    if hints is Hints.NONE:
        return {}
    zones = {"forZones": [{"name": endpoint.zone}]} if endpoint.zone else {}
    if hints is Hints.ZONE:
        return zones
    return {"forNodes": [{"name": endpoint.node or NOWHERE}], **zones}


def _decode_endpoints(raw: Any) -> tuple[Endpoint, ...]:
    return tuple(decode_endpoint(item) for item in listed(raw))


def _has_hints(raw: Any, endpoints: tuple[Endpoint, ...], hints: Hints) -> bool:
    """Say whether the endpoints' hints are those we wrote; servers before 1.34 drop the hints by node."""
    wanted = [_encode_hints(endpoint, hints) for endpoint in endpoints]
    without_nodes = [{field: hint for field, hint in item.items() if field != "forNodes"} for item in wanted]
    return [mapped(item.get("hints")) for item in listed(raw)] in (wanted, without_nodes)


def _decode_generation(said: str) -> int:
    if not (said.isascii() and said.isdecimal()):
        raise ValueError("no generation")
    return int(said)
