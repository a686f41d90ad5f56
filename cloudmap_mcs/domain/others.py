"""By what other implementations of the Multi-Cluster Services API are known. Nothing in the API itself selects one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cloudmap_mcs.domain.installation import Manifest, Reference


@dataclass(frozen=True, slots=True)
class Sign:
    """An object that shows an implementation, and whether it is at work, given the object."""

    implementation: str
    shown_by: Reference
    is_at_work: Callable[[Manifest], bool]


def _runs(deployment: Manifest) -> bool:
    """Say whether a Deployment has replicas: one scaled to none is on its way out."""
    return bool(deployment["spec"].get("replicas", 1) != 0)


def _imports(config: Manifest) -> bool:
    return bool((config.get("data") or {}).get("clustermesh-enable-mcs-api") == "true")


_APPS: Final = "apps/v1"

SIGNS: Final = (
    Sign(
        "the AWS Cloud Map MCS Controller",
        Reference(_APPS, "Deployment", "cloud-map-mcs-controller-manager", "cloud-map-mcs-system"),
        _runs,
    ),
    Sign(
        "Submariner's Lighthouse",
        Reference(_APPS, "Deployment", "submariner-lighthouse-agent", "submariner-operator"),
        _runs,
    ),
    Sign("Cilium's Cluster Mesh", Reference("v1", "ConfigMap", "cilium-config", "kube-system"), _imports),
)

GKE: Final = ("net.gke.io/v1", "ServiceExport")
"""An API of its own with the same kinds, which programs that look for a ServiceExport may find first."""
