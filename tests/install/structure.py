"""What of a CustomResourceDefinition changes behaviour: everything but its prose and the order of its sets."""

import hashlib
import json
from typing import Any

_SETS = {"required", "enum", "shortNames", "categories", "x-kubernetes-list-map-keys"}
# Properties and label values are names chosen by the API, so `description` and `enum` there are not keywords.
_NAMED = {"properties", "labels"}


def structure(definition: dict[str, Any]) -> dict[str, Any]:
    """Return the definition without descriptions and annotations."""
    bare: dict[str, Any] = _bare(definition)
    bare["metadata"].pop("annotations", None)
    return bare


def digest(definition: dict[str, Any]) -> str:
    text = json.dumps(structure(definition), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _bare(node: Any, key: str = "") -> Any:
    if isinstance(node, dict):
        kept = {k: v for k, v in node.items() if key in _NAMED or k != "description"}
        return {k: _bare(v, "" if key in _NAMED else k) for k, v in kept.items()}
    if isinstance(node, list):
        return sorted(node) if key in _SETS else [_bare(item) for item in node]
    return node
