"""The names that the installed objects, the AWS side and the processes have to agree on."""

from typing import Any

from cloudmap_mcs.domain.wellknown import LABEL_MANAGED_BY, MANAGED_BY

Manifest = dict[str, Any]

SYSTEM_NAMESPACE = "cloudmap-mcs-system"
WATCHER = "watcher"
IMPORTER_GROUP = "cloudmap-mcs:importer"
"""The group of the importer's EKS access entry."""

ABOUT_GROUP = "about.k8s.io"
MCS_GROUP = "multicluster.x-k8s.io"


def labels(component: str) -> dict[str, str]:
    """Return the recommended labels, with the mark by which the installer knows its own objects."""
    return {
        "app.kubernetes.io/name": MANAGED_BY,
        "app.kubernetes.io/component": component,
        LABEL_MANAGED_BY: MANAGED_BY,
    }


def namespaced(name: str, component: str) -> dict[str, Any]:
    """Return the metadata of an object in our own namespace."""
    return {"name": name, "namespace": SYSTEM_NAMESPACE, "labels": labels(component)}


def cluster_wide(name: str, component: str) -> dict[str, Any]:
    """Return the metadata of an object without a namespace."""
    return {"name": name, "labels": labels(component)}
