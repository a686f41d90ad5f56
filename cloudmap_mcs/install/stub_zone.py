"""A CoreDNS of our own that answers for the clusterset's zone and for nothing else (KEP-1645, "DNS").

The cluster's CoreDNS stays as it is and forwards the zone to it (`corefile_stub`), whatever version it has.
Its pods keep to the restricted Pod Security standard, which the namespace enforces.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from cloudmap_mcs.install.corefile_text import CLUSTERSET_ZONE
from cloudmap_mcs.install.names import MCS_GROUP, SYSTEM_NAMESPACE, Manifest, labels, namespaced
from cloudmap_mcs.install.rbac import Grant, bind_everywhere, cluster_role, service_account
from cloudmap_mcs.install.spreading import spread

COREDNS_IMAGE: Final = "registry.k8s.io/coredns/coredns:v1.13.1"
"""The kubernetes plugin has the option `multicluster` since CoreDNS 1.12.2 (coredns/coredns#7266)."""

NAME: Final = "clusterset-dns"
"""Of the Deployment and all that belongs to it."""

_ROLE: Final = f"cloudmap-mcs:{NAME}"
_DNS_PORT: Final = 53
_OWN_PORT: Final = 1053
_HEALTH_PORT: Final = 8080
_READY_PORT: Final = 8181
_METRICS_PORT: Final = 9153
_NOBODY: Final = 65532
_GRACE_SECONDS: Final = 30
_DEADLINE_SECONDS: Final = 300
_DIGEST_ANNOTATION: Final = "cloudmap-mcs/corefile"

# As many of the plugin's caches as these have to be filled before CoreDNS is ready.
STUB_ZONE_GRANTS: Final = (
    Grant(MCS_GROUP, "serviceimports", ("list", "watch"), "the names of the zone, and their addresses"),
    Grant("discovery.k8s.io", "endpointslices", ("list", "watch"), "the addresses of headless services"),
    Grant("", "services", ("list", "watch"), "CoreDNS is not ready without"),
    Grant("", "namespaces", ("list", "watch"), "the same"),
)

COREFILE: Final = f"""\
{CLUSTERSET_ZONE}:{_OWN_PORT} {{
    errors
    health :{_HEALTH_PORT} {{
        lameduck 5s
    }}
    ready :{_READY_PORT}
    kubernetes {CLUSTERSET_ZONE} {{
        multicluster {CLUSTERSET_ZONE}
    }}
    prometheus :{_METRICS_PORT}
    loadbalance
}}
"""

_SELECTOR: Final = {
    name: value for name, value in labels(NAME).items() if name.endswith(("/name", "/component"))
}  # a Deployment's selector can never change, so only what will not change is in it


@dataclass(frozen=True, slots=True, kw_only=True)
class StubZone:
    """What may differ from one cluster's own CoreDNS to another's. An empty `priority_class` asks for none."""

    image: str = COREDNS_IMAGE
    replicas: int = 2
    priority_class: str = "system-cluster-critical"


def stub_zone_manifests(zone: StubZone) -> tuple[Manifest, ...]:
    """Return account, rights, Corefile, PodDisruptionBudget, Service and Deployment, in this order.

    The Service has one address of each IP family that the cluster gives Services; to these the zone is forwarded.
    """
    account = {"kind": "ServiceAccount", "name": NAME, "namespace": SYSTEM_NAMESPACE}
    return (
        service_account(NAME, NAME),
        cluster_role(_ROLE, NAME, STUB_ZONE_GRANTS),
        bind_everywhere(_ROLE, NAME, account),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": namespaced(NAME, NAME), "data": {"Corefile": COREFILE}},
        _disruption_budget(),
        _service(),
        _deployment(zone),
    )


def _disruption_budget() -> Manifest:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": namespaced(NAME, NAME),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",  # broken pods must not keep a node from draining
            "selector": {"matchLabels": dict(_SELECTOR)},
        },
    }


def _service() -> Manifest:
    ports = [
        {"name": name, "port": _DNS_PORT, "targetPort": name, "protocol": protocol}
        for name, protocol in (("dns", "UDP"), ("dns-tcp", "TCP"))
    ]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": namespaced(NAME, NAME),
        "spec": {
            "type": "ClusterIP",
            "ipFamilyPolicy": "PreferDualStack",
            "selector": dict(_SELECTOR),
            "ports": ports,
        },
    }


def _deployment(zone: StubZone) -> Manifest:
    # CoreDNS would notice a new Corefile in its own time; a rollout shows whether it runs with it.
    digest = hashlib.sha256(COREFILE.encode()).hexdigest()[:16]
    template = {"labels": labels(NAME), "annotations": {_DIGEST_ANNOTATION: digest}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": namespaced(NAME, NAME),
        "spec": {
            "replicas": zone.replicas,
            "revisionHistoryLimit": 3,
            "progressDeadlineSeconds": _DEADLINE_SECONDS,
            "selector": {"matchLabels": dict(_SELECTOR)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {"metadata": template, "spec": _pod(zone)},
        },
    }


def _pod(zone: StubZone) -> dict[str, Any]:
    pod: dict[str, Any] = {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": True,
        "enableServiceLinks": False,
        "dnsPolicy": "Default",  # it asks nobody, least of all the CoreDNS that asks it
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}],  # where the cluster's CoreDNS runs, too
        "topologySpreadConstraints": spread(_SELECTOR),
        "terminationGracePeriodSeconds": _GRACE_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _NOBODY,
            "runAsGroup": _NOBODY,
            "fsGroup": _NOBODY,  # makes the ServiceAccount's token readable
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(zone)],
        "volumes": [
            {"name": "corefile", "configMap": {"name": NAME, "items": [{"key": "Corefile", "path": "Corefile"}]}}
        ],
    }
    if zone.priority_class:
        pod["priorityClassName"] = zone.priority_class
    return pod


def _container(zone: StubZone) -> Manifest:
    return {
        "name": "coredns",
        "image": zone.image,
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [
            _port("dns", _OWN_PORT, "UDP"),
            _port("dns-tcp", _OWN_PORT, "TCP"),
            _port("metrics", _METRICS_PORT, "TCP"),
        ],
        "livenessProbe": _probe("/health", _HEALTH_PORT, period=10, failures=5),
        "readinessProbe": _probe("/ready", _READY_PORT, period=2, failures=3),
        "volumeMounts": [{"name": "corefile", "mountPath": "/etc/coredns", "readOnly": True}],
        "terminationMessagePolicy": "FallbackToLogsOnError",
        # Memory grows with the cluster's Services and EndpointSlices; a CPU limit would only make answers slower.
        "resources": {"requests": {"cpu": "50m", "memory": "70Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            # CoreDNS's image has this capability on its file, as effective: the kernel does not start it without,
            # although no port below 1024 is used. The restricted standard allows this one.
            "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
        },
    }


def _port(name: str, number: int, protocol: str) -> dict[str, Any]:
    return {"name": name, "containerPort": number, "protocol": protocol}


def _probe(path: str, port: int, *, period: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": port},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }
