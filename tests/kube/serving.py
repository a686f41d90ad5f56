"""What an API server makes of a manifest, as far as the codec can tell."""

import json
from typing import Any


def served(manifest: dict[str, Any], version: int = 1) -> dict[str, Any]:
    """Give a manifest as an API server answers it: with identity, defaults and allocated addresses."""
    raw: dict[str, Any] = json.loads(json.dumps(manifest))
    raw["metadata"] |= {"uid": "uid-1", "resourceVersion": str(version), "managedFields": [{"manager": "m"}]}
    if raw["kind"] == "Service":
        _allocate(raw["spec"])
    return raw


def _allocate(spec: dict[str, Any]) -> None:
    for port in spec["ports"]:
        port.setdefault("targetPort", port["port"])
    spec.setdefault("ipFamilies", ["IPv4"])
    is_headless = spec.get("clusterIP") == "None"
    spec.setdefault("clusterIP", "10.0.0.1")
    spec["clusterIPs"] = ["None"] if is_headless else spec.get("clusterIPs") or [spec["clusterIP"]]
