"""The watcher's Deployment: one replica at work by Lease, the others standing by.

Its pods keep to the restricted Pod Security standard, which the namespace enforces.
"""

from dataclasses import dataclass
from typing import Any

from cloudmap_mcs.install.bundle import APP_PATH, PYTHON_PATH, Bundle, OwnImage, fetching
from cloudmap_mcs.install.names import WATCHER, Manifest, labels, namespaced
from cloudmap_mcs.install.spreading import spread

_SELECTOR = {
    name: value for name, value in labels(WATCHER).items() if name.endswith(("/name", "/component"))
}  # a Deployment's selector can never change, so only what will not change is in it
_NOBODY = 65532
_GRACE_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class WatcherDeployment:
    """Everything that differs from one cluster's watcher to another's."""

    clusterset: str
    members: tuple[str, ...]
    """The cluster ids of the clusterset."""
    namespace_id: str
    """The Cloud Map namespace, by id or ARN."""
    bus_arn: str
    hub_region: str
    resync_seconds: int
    code: Bundle | OwnImage
    replicas: int = 2
    log_level: str = "INFO"
    health_port: int = 8080
    priority_class: str = "system-cluster-critical"
    """Pods are evicted when endpoints are moving, which is when a missing watcher leaves other clusters with dead ones.
    EKS allows the class outside kube-system; where a quota forbids it, name another one."""


def environment(watcher: WatcherDeployment) -> dict[str, str]:
    """Return the variables that the watcher's settings are read from, except what Kubernetes and Pod Identity add."""
    return {
        "MCS_CLUSTERSET": watcher.clusterset,
        "MCS_MEMBERS": ",".join(watcher.members),
        "MCS_NAMESPACE_ID": watcher.namespace_id,
        "MCS_BUS_ARN": watcher.bus_arn,
        "MCS_HUB_REGION": watcher.hub_region,
        "MCS_RESYNC_SECONDS": str(watcher.resync_seconds),
        "MCS_LOG_LEVEL": watcher.log_level,
        "MCS_HEALTH_PORT": str(watcher.health_port),
    }


def watcher_manifests(watcher: WatcherDeployment) -> tuple[Manifest, ...]:
    """Return the PodDisruptionBudget and the Deployment; the ServiceAccount belongs to the RBAC."""
    return (_disruption_budget(), _deployment(watcher))


def _disruption_budget() -> Manifest:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": namespaced(WATCHER, WATCHER),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",  # a broken watcher must not keep a node from draining
            "selector": {"matchLabels": dict(_SELECTOR)},
        },
    }


def _deployment(watcher: WatcherDeployment) -> Manifest:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": namespaced(WATCHER, WATCHER),
        "spec": {
            "replicas": watcher.replicas,
            "revisionHistoryLimit": 3,
            "selector": {"matchLabels": dict(_SELECTOR)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {"metadata": {"labels": labels(WATCHER)}, "spec": _pod(watcher)},
        },
    }


def _pod(watcher: WatcherDeployment) -> dict[str, Any]:
    pod: dict[str, Any] = {
        "serviceAccountName": WATCHER,
        "automountServiceAccountToken": True,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "topologySpreadConstraints": spread(_SELECTOR),
        "terminationGracePeriodSeconds": _GRACE_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _NOBODY,
            "runAsGroup": _NOBODY,
            "fsGroup": _NOBODY,  # makes the tokens of the ServiceAccount and of Pod Identity readable
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(watcher)],
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "16Mi"}}],
    }
    if watcher.priority_class:
        pod["priorityClassName"] = watcher.priority_class
    if isinstance(watcher.code, Bundle):
        pod["initContainers"] = [_confined(fetching(watcher.code)) | {"volumeMounts": [_mount("app", APP_PATH)]}]
        pod["volumes"].append({"name": "app", "emptyDir": {"sizeLimit": "512Mi"}})
    return pod


def _container(watcher: WatcherDeployment) -> Manifest:
    variables: list[dict[str, Any]] = [{"name": name, "value": value} for name, value in environment(watcher).items()]
    variables.append({"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}})
    mounts = [_mount("tmp", "/tmp")]  # noqa: S108  (the container's own, empty and private)
    if isinstance(watcher.code, Bundle):
        variables.append({"name": "PYTHONPATH", "value": PYTHON_PATH})
        mounts.append(_mount("app", APP_PATH) | {"readOnly": True})
    container = {
        "name": WATCHER,
        "image": watcher.code.image,
        "command": ["python3", "-m", "cloudmap_mcs.watcher"],
        "env": variables,
        "ports": [{"name": "health", "containerPort": watcher.health_port, "protocol": "TCP"}],
        "startupProbe": _probe("/livez", period=2, failures=30),
        "livenessProbe": _probe("/livez", period=10, failures=3),
        "readinessProbe": _probe("/readyz", period=5, failures=2),
        "volumeMounts": mounts,
    }
    return _confined(container)


def _probe(path: str, *, period: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": "health"},
        "periodSeconds": period,
        "timeoutSeconds": 3,
        "failureThreshold": failures,
    }


def _mount(volume: str, path: str) -> dict[str, Any]:
    return {"name": volume, "mountPath": path}


def _confined(container: Manifest) -> Manifest:
    return container | {
        "terminationMessagePolicy": "FallbackToLogsOnError",
        # No CPU limit: throttling would only add latency to every announcement.
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
