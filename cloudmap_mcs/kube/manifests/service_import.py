"""ServiceImport ↔ its manifest (KEP-1645, "Importing Services"; written as v1beta1)."""

import copy
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from cloudmap_mcs.domain import names
from cloudmap_mcs.domain.imports import ImportStatus, Note, ServiceImport, Traffic
from cloudmap_mcs.domain.model import ClusterId, ServiceKey, ServiceType
from cloudmap_mcs.domain.wellknown import (
    ANNOTATION_DERIVED_SERVICE,
    ANNOTATION_GENERATIONS,
    LABEL_MANAGED_BY,
    MANAGED_BY,
    ConditionType,
)
from cloudmap_mcs.kube.manifests import carried
from cloudmap_mcs.kube.manifests.fields import (
    Raw,
    annotations_of,
    condition_of,
    conditions_of,
    decode_families,
    decode_ports,
    decode_traffic,
    encode_condition,
    encode_ports,
    encode_traffic,
    spec_of,
    status_of,
)
from cloudmap_mcs.kube.manifests.reading import Reading, listed, mapped, text, texts
from cloudmap_mcs.kube.resources import SERVICE_IMPORTS

_SLICES_PRESENT: Final = "Present"
"""KEP-1645, "ServiceImport status": an implementation says whether it makes EndpointSlices; this one always does."""

_NOTE_LENGTH: Final = 2

_NOBODY: Final = ClusterId("")
"""In place of a cluster in a status that cannot be read: no cluster has this id, so the status is written again."""


def encode(value: ServiceImport, observed: Mapping[str, Any] | None = None) -> Raw:
    """Make the manifest to POST, or the one to PUT over `observed`."""
    before = observed["metadata"] if observed else {}
    metadata: Raw = {**copy.deepcopy(dict(before)), "name": value.key.name, "namespace": value.key.namespace}
    metadata.pop("managedFields", None)
    carried.write(metadata, value.labels, value.annotations)
    metadata["labels"][LABEL_MANAGED_BY] = MANAGED_BY
    metadata["annotations"][ANNOTATION_DERIVED_SERVICE] = names.derived_service(value.key)
    metadata["annotations"][ANNOTATION_GENERATIONS] = _encode_notes(value.notes)
    return {
        "apiVersion": SERVICE_IMPORTS.version,
        "kind": SERVICE_IMPORTS.kind,
        "metadata": metadata,
        "spec": {
            "type": str(value.type),
            "ports": encode_ports(value.ports),
            "ips": list(value.ips),
            "ipFamilies": [str(family) for family in value.families],
            **encode_traffic(value.traffic),
        },
    }


def decode(raw: Mapping[str, Any]) -> ServiceImport:
    """Read a ServiceImport, whatever somebody made of it.

    Where a field cannot be read, or the mark that is no part of the value was changed, the value has an annotation
    that no export can carry: it differs from any desired one and the write repairs it.
    """
    metadata, reading = raw["metadata"], Reading()
    spec, marks = spec_of(raw, reading), annotations_of(raw)
    key = ServiceKey(metadata["namespace"], metadata["name"])
    labels, annotations = carried.read(metadata)
    value = ServiceImport(
        key=key,
        type=reading.read(ServiceType, spec.get("type"), ServiceType.CLUSTER_SET_IP),
        ports=reading.read(decode_ports, spec.get("ports"), ()),
        ips=reading.read(texts, spec.get("ips"), ()),
        families=reading.read(decode_families, spec.get("ipFamilies"), ()),
        traffic=reading.read(decode_traffic, spec, Traffic()),
        labels=labels,
        annotations=annotations,
        notes=_decode_notes(marks.get(ANNOTATION_GENERATIONS, "{}")),
    )
    mark = marks.get(ANNOTATION_DERIVED_SERVICE, "")
    if reading.is_whole and mark == names.derived_service(key):
        return value
    return replace(value, annotations=(*annotations, (ANNOTATION_DERIVED_SERVICE, mark)))


def encode_status(status: ImportStatus, observed: Mapping[str, Any]) -> Raw:
    """Make the body for a PUT of the status, which says that there are slices; conditions of other types are kept."""
    others = [item for item in conditions_of(observed) if item.get("type") != ConditionType.READY]
    metadata = {key: value for key, value in observed["metadata"].items() if key != "managedFields"}
    return {
        **observed,
        "metadata": metadata,
        "status": {
            "clusters": [{"cluster": cluster} for cluster in status.clusters],
            "conditions": [*others, *([encode_condition(status.ready)] if status.ready else [])],
            "endpointSliceObjects": _SLICES_PRESENT,
        },
    }


def decode_status(raw: Mapping[str, Any]) -> ImportStatus:
    """Read a status, whatever somebody made of it: what cannot be read differs from any status to be written."""
    clusters = Reading().read(_decode_clusters, status_of(raw).get("clusters"), (_NOBODY,))
    return ImportStatus(clusters, condition_of(raw, ConditionType.READY), says_slices(raw))


def says_slices(raw: Mapping[str, Any]) -> bool:
    """Tell whether an import's status says that there are slices; a CRD older than that field drops it."""
    return status_of(raw).get("endpointSliceObjects") == _SLICES_PRESENT


def _decode_clusters(raw: Any) -> tuple[ClusterId, ...]:
    return tuple(ClusterId(text(mapped(item)["cluster"], _NOBODY)) for item in listed(raw))


def _encode_notes(notes: tuple[Note, ...]) -> str:
    known = {note.source: [note.generation, note.service_id] for note in notes}
    return json.dumps(known, separators=(",", ":"), sort_keys=True)


def _decode_notes(said: str) -> tuple[Note, ...]:
    """Read the notes; what somebody spoilt is not noted: it only makes a read less suspicious."""
    try:
        known = json.loads(said)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(known, dict):
        return ()
    return tuple(Note(ClusterId(source), note[0], note[1]) for source, note in sorted(known.items()) if _is_note(note))


def _is_note(note: Any) -> bool:
    return isinstance(note, list) and len(note) == _NOTE_LENGTH and type(note[0]) is int and isinstance(note[1], str)
