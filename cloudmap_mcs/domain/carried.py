"""Which exported labels and annotations are taken over onto a ServiceImport, and which cannot be.

The schema of ServiceExport takes any text, an API server takes only some of it as metadata, and some keys tell
consumers what an object is: one refused pair must not keep the whole import from being written.
"""

import re
from collections.abc import Iterable
from typing import Final

from cloudmap_mcs.domain.model import Pairs
from cloudmap_mcs.domain.wellknown import LABEL_MANAGED_BY, RESERVED_PREFIXES

_NAME: Final = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)", re.ASCII)
_VALUE: Final = re.compile(rf"({_NAME.pattern})?", re.ASCII)
_PREFIX: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.ASCII)
_PREFIX_LIMIT: Final = 253


def labels_taken(labels: Pairs) -> Pairs:
    """Give the labels that a ServiceImport can have."""
    return tuple(
        (key, value)
        for key, value in labels
        if not _is_reserved(key) and _is_qualified(key) and _VALUE.fullmatch(value)
    )


def annotations_taken(annotations: Pairs) -> Pairs:
    """Give the annotations that a ServiceImport can have; their values are any text.

    Kubernetes lowers their keys before it checks them (ValidateAnnotations), so a prefix may have capitals.
    """
    return tuple((key, value) for key, value in annotations if not _is_reserved(key) and _is_qualified(key.lower()))


def left_out(labels: Pairs, annotations: Pairs) -> tuple[str, ...]:
    """Name what is not taken over: `label a b`, `annotation x`."""
    return (
        *_names("label", set(labels) - set(labels_taken(labels))),
        *_names("annotation", set(annotations) - set(annotations_taken(annotations))),
    )


def _is_reserved(key: str) -> bool:
    return key == LABEL_MANAGED_BY or key.startswith(RESERVED_PREFIXES)


def _is_qualified(key: str) -> bool:
    """Say whether a key is what Kubernetes calls a qualified name."""
    prefix, slash, name = key.rpartition("/")
    if slash and not (len(prefix) <= _PREFIX_LIMIT and _PREFIX.fullmatch(prefix)):
        return False
    return bool(_NAME.fullmatch(name))


def _names(kind: str, pairs: Iterable[tuple[str, str]]) -> Iterable[str]:
    return (f"{kind} {key}" for key, _ in sorted(pairs))
