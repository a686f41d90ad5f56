"""Exported labels and annotations on a ServiceImport, beside those that other people put there.

One annotation of ours remembers which keys came from the export. Only those are compared, and only those go when the
export drops them. A pair that Kubernetes would refuse is remembered there too and written nowhere else: it must not
make the whole import fail.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from cloudmap_mcs.domain.model import Pairs
from cloudmap_mcs.domain.wellknown import ANNOTATION_EXPORTED, LABEL_MANAGED_BY, RESERVED_PREFIXES
from cloudmap_mcs.kube.manifests.fields import texts_in

_NAME: Final = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)", re.ASCII)
_VALUE: Final = re.compile(rf"({_NAME.pattern})?", re.ASCII)
_PREFIX: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.ASCII)
_PREFIX_LIMIT: Final = 253

LABELS: Final = "labels"
ANNOTATIONS: Final = "annotations"


def is_writable_key(key: str) -> bool:
    """Say whether Kubernetes takes a label or annotation key (a qualified name) and it is nobody's reserved one."""
    if key == LABEL_MANAGED_BY or key.startswith(RESERVED_PREFIXES):
        return False
    prefix, slash, name = key.rpartition("/")
    if slash and not (len(prefix) <= _PREFIX_LIMIT and _PREFIX.fullmatch(prefix)):
        return False
    return bool(_NAME.fullmatch(name))


def is_writable_label(key: str, value: str) -> bool:
    return is_writable_key(key) and bool(_VALUE.fullmatch(value))


def write(metadata: dict[str, Any], labels: Pairs, annotations: Pairs) -> None:
    """Put exported pairs into an object's metadata, in place of those that came from an export before."""
    before = _remembered(metadata)
    fits = {
        LABELS: {key: value for key, value in labels if is_writable_label(key, value)},
        ANNOTATIONS: {key: value for key, value in annotations if is_writable_key(key)},
    }
    for field, pairs in fits.items():
        kept = {key: value for key, value in texts_in(metadata.get(field)).items() if key not in before[field]}
        metadata[field] = {**kept, **pairs}
    note = {
        LABELS: sorted(fits[LABELS]),
        ANNOTATIONS: sorted(fits[ANNOTATIONS]),
        "unwritable": {
            LABELS: {key: value for key, value in labels if key not in fits[LABELS]},
            ANNOTATIONS: {key: value for key, value in annotations if key not in fits[ANNOTATIONS]},
        },
    }
    metadata[ANNOTATIONS][ANNOTATION_EXPORTED] = json.dumps(note, separators=(",", ":"), sort_keys=True)


def read(metadata: Mapping[str, Any]) -> tuple[Pairs, Pairs]:
    """Give the exported labels and annotations of an object; a remembered key that is gone is not among them."""
    note = _remembered(metadata)
    both = []
    for field in (LABELS, ANNOTATIONS):
        present = texts_in(metadata.get(field))
        written = {key: present[key] for key in note[field] if key in present}
        both.append(tuple(sorted((written | note["unwritable"][field]).items())))
    return both[0], both[1]


def _remembered(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Parse our annotation; one that somebody spoilt remembers nothing, so that the next write repairs it."""
    nothing: dict[str, Any] = {LABELS: [], ANNOTATIONS: [], "unwritable": {LABELS: {}, ANNOTATIONS: {}}}
    try:
        note = json.loads(texts_in(metadata.get(ANNOTATIONS)).get(ANNOTATION_EXPORTED, "null"))
    except (ValueError, RecursionError):
        return nothing
    return note if _is_note(note) else nothing


def _is_note(note: Any) -> bool:
    if not isinstance(note, dict) or not isinstance(note.get("unwritable"), dict):
        return False
    return all(
        _is_texts(note.get(field)) and _is_pairs(note["unwritable"].get(field)) for field in (LABELS, ANNOTATIONS)
    )


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_pairs(value: Any) -> bool:
    return isinstance(value, dict) and _is_texts(list(value.values()))
