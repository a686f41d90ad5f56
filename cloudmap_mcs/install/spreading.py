"""Where the replicas of a Deployment of ours go: apart from each other."""

from collections.abc import Mapping
from typing import Any

_DOMAINS = ("kubernetes.io/hostname", "topology.kubernetes.io/zone")


def spread(selector: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the constraints that spread the Pods with these labels over nodes and zones.

    Preferred, not required: a cluster of one node, or of one zone, still gets all replicas.
    """
    return [
        {
            "topologyKey": domain,
            "maxSkew": 1,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(selector)},
            "matchLabelKeys": ["pod-template-hash"],
        }
        for domain in _DOMAINS
    ]
