"""Simulated nodes as they register: ready from the first moment, in zones, with a share of the pod addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sandbox.controlplane.spec import ClusterSpec

# Address block for documentation (RFC 5737): nothing answers there, and nothing must.
_NODE_ADDRESSES: Final = "192.0.2"
_CAPACITY: Final = {"cpu": "1k", "memory": "1Ti", "pods": "10k"}


def node_name(spec: ClusterSpec, index: int) -> str:
    return f"{spec.name}-node-{index}"


def node_manifest(spec: ClusterSpec, index: int) -> dict[str, Any]:
    """Return one Node, to be created with POST: only there the API server takes the status from the body."""
    name = node_name(spec, index)
    cidrs = spec.node_cidrs(index)
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "topology.kubernetes.io/region": spec.region,
                "topology.kubernetes.io/zone": spec.zones[index % len(spec.zones)],
            },
        },
        "spec": {"podCIDR": cidrs[0], "podCIDRs": list(cidrs)},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": f"{_NODE_ADDRESSES}.{index + 1}"},
                {"type": "Hostname", "address": name},
            ],
            "capacity": _CAPACITY,
            "allocatable": _CAPACITY,
            "conditions": [{"type": "Ready", "status": "True", "reason": "Simulated", "message": "simulated by KWOK"}],
        },
    }


def is_usable(node: dict[str, Any]) -> bool:
    """Whether the scheduler may place pods: ready, and the taint that every new node gets is gone."""
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions", []))
    return ready and not node["spec"].get("taints")
