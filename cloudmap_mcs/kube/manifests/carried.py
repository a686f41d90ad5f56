"""Exported labels and annotations on a ServiceImport, beside those that other people put there.

One annotation of ours remembers which keys came from the export. Only those are compared, and only those go when the
export drops them. Pairs that Kubernetes would refuse do not get here: `domain.carried`.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from cloudmap_mcs.domain.model import Pairs
from cloudmap_mcs.domain.wellknown import ANNOTATION_EXPORTED
from cloudmap_mcs.kube.manifests.fields import texts_in

LABELS: Final = "labels"
ANNOTATIONS: Final = "annotations"


def write(metadata: dict[str, Any], labels: Pairs, annotations: Pairs) -> None:
    """Put exported pairs into an object's metadata, in place of those that came from an export before."""
    before = _remembered(metadata)
    exported = {LABELS: dict(labels), ANNOTATIONS: dict(annotations)}
    for field, pairs in exported.items():
        kept = {key: value for key, value in texts_in(metadata.get(field)).items() if key not in before[field]}
        metadata[field] = {**kept, **pairs}
    note = {field: sorted(pairs) for field, pairs in exported.items()}
    metadata[ANNOTATIONS][ANNOTATION_EXPORTED] = json.dumps(note, separators=(",", ":"), sort_keys=True)


def read(metadata: Mapping[str, Any]) -> tuple[Pairs, Pairs]:
    """Give the exported labels and annotations of an object; a remembered key that is gone is not among them."""
    note = _remembered(metadata)
    both = []
    for field in (LABELS, ANNOTATIONS):
        present = texts_in(metadata.get(field))
        both.append(tuple(sorted((key, present[key]) for key in set(note[field]) & present.keys())))
    return both[0], both[1]


def _remembered(metadata: Mapping[str, Any]) -> dict[str, list[str]]:
    """Parse our annotation; one that somebody spoilt remembers nothing, so that the next write repairs it."""
    try:
        note = json.loads(texts_in(metadata.get(ANNOTATIONS)).get(ANNOTATION_EXPORTED, "null"))
    except (ValueError, RecursionError):
        note = None
    is_note = isinstance(note, dict) and all(_is_texts(note.get(field)) for field in (LABELS, ANNOTATIONS))
    return note if is_note else {LABELS: [], ANNOTATIONS: []}


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
