"""ServiceImport ↔ its manifest (KEP-1645, "Importing Services"; written as v1beta1)."""

import copy
import json
from collections.abc import Mapping
from typing import Any, Final

from cloudmap_mcs.domain import names
from cloudmap_mcs.domain.imports import ImportStatus, Note, ServiceImport
from cloudmap_mcs.domain.model import ClusterId, Family, ServiceKey, ServiceType
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
    decode_ports,
    decode_traffic,
    encode_condition,
    encode_ports,
    encode_traffic,
)
from cloudmap_mcs.kube.resources import SERVICE_IMPORTS

_SLICES_PRESENT: Final = "Present"
"""KEP-1645, "ServiceImport status": an implementation says whether it makes EndpointSlices; this one always does."""

_NOTE_LENGTH: Final = 2


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
    metadata, spec = raw["metadata"], raw["spec"]
    key = ServiceKey(metadata["namespace"], metadata["name"])
    labels, annotations = carried.read(metadata)
    marked = annotations_of(raw).get(ANNOTATION_DERIVED_SERVICE)
    if marked != names.derived_service(key):
        # No export can carry this key, so the value differs from any desired one and the write repairs the mark.
        annotations = (*annotations, (ANNOTATION_DERIVED_SERVICE, marked or ""))
    return ServiceImport(
        key=key,
        type=ServiceType(spec["type"]),
        ports=decode_ports(spec.get("ports")),
        ips=tuple(spec.get("ips") or ()),
        families=tuple(Family(family) for family in spec.get("ipFamilies") or ()),
        traffic=decode_traffic(spec),
        labels=labels,
        annotations=annotations,
        notes=_decode_notes(annotations_of(raw).get(ANNOTATION_GENERATIONS, "{}")),
    )


def encode_status(status: ImportStatus, observed: Mapping[str, Any]) -> Raw:
    """Make the body for a PUT of the status; conditions of other types are kept."""
    others = [
        item for item in (observed.get("status") or {}).get("conditions") or () if item["type"] != ConditionType.READY
    ]
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
    clusters = (raw.get("status") or {}).get("clusters") or ()
    return ImportStatus(tuple(ClusterId(item["cluster"]) for item in clusters), condition_of(raw, ConditionType.READY))


def _encode_notes(notes: tuple[Note, ...]) -> str:
    known = {note.source: [note.generation, note.service_id] for note in notes}
    return json.dumps(known, separators=(",", ":"), sort_keys=True)


def _decode_notes(text: str) -> tuple[Note, ...]:
    """Read the notes; what somebody spoilt is not noted: it only makes a read less suspicious."""
    try:
        known = json.loads(text)
    except ValueError:
        return ()
    if not isinstance(known, dict):
        return ()
    return tuple(Note(ClusterId(source), note[0], note[1]) for source, note in sorted(known.items()) if _is_note(note))


def _is_note(note: Any) -> bool:
    return isinstance(note, list) and len(note) == _NOTE_LENGTH and type(note[0]) is int and isinstance(note[1], str)
