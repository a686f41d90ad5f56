"""CoreDNS as EKS installs it: the same names, the same Corefile, one replica for one node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudmap_mcs.install.corefile import enable
from cloudmap_mcs.install.dns import rights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.controlplane.client import KubeClient
    from sandbox.nodes.addresses import Addresses

NAMESPACE: Final = "kube-system"
NAME: Final = "coredns"
ROLE: Final = "system:coredns"
_LABELS: Final = {"k8s-app": "kube-dns"}
_PODS: Final = f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=k8s-app%3Dkube-dns"

COREFILE: Final = """\
.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
"""


def manifests(addresses: Addresses, *, image: str, corefile: str = COREFILE) -> list[dict[str, Any]]:
    """Return everything that makes CoreDNS run in a cluster with these addresses."""
    return [*_rights(), _config(corefile), _service(addresses), _deployment(image)]


def installed(addresses: Addresses, *, image: str) -> list[dict[str, Any]]:
    """Return the same with the Corefile as our installer changes it, and the rights that this takes.

    The CRDs must be there and served: CoreDNS answers nothing at all while it cannot list ServiceImports.
    """
    return [*rights(), *manifests(addresses, image=image, corefile=enable(COREFILE))]


def replace_outdated(client: KubeClient) -> frozenset[str]:
    """Delete CoreDNS's Pods if the Corefile is not the stock one any more; returns the UIDs of those."""
    config = client.get(f"/api/v1/namespaces/{NAMESPACE}/configmaps/{NAME}")
    if config["data"]["Corefile"] == COREFILE:
        return frozenset()
    there = client.get(_PODS)["items"]
    client.delete(_PODS)
    return frozenset(pod["metadata"]["uid"] for pod in there)


def is_ready(client: KubeClient, *, besides: frozenset[str] = frozenset()) -> bool:
    """Tell whether a Pod of CoreDNS other than those with these UIDs is ready: it has read all it answers from."""
    return any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for pod in client.get(_PODS)["items"]
        if pod["metadata"]["uid"] not in besides
        for condition in pod.get("status", {}).get("conditions", [])
    )


def _metadata(name: str = NAME) -> dict[str, Any]:
    return {"name": name, "namespace": NAMESPACE, "labels": dict(_LABELS)}


def _rights() -> list[dict[str, Any]]:
    read = ["list", "watch"]
    rules = [
        {"apiGroups": [""], "resources": ["endpoints", "services", "pods", "namespaces"], "verbs": read},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": read},
    ]
    api = "rbac.authorization.k8s.io"
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _metadata()},
        {"apiVersion": f"{api}/v1", "kind": "ClusterRole", "metadata": {"name": ROLE}, "rules": rules},
        {
            "apiVersion": f"{api}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": ROLE},
            "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": ROLE},
            "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}],
        },
    ]


def _config(corefile: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(), "data": {"Corefile": corefile}}


def _service(addresses: Addresses) -> dict[str, Any]:
    ports = [_port("dns", 53, "UDP"), _port("dns-tcp", 53, "TCP"), _port("metrics", 9153, "TCP")]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata("kube-dns"),
        "spec": {
            "selector": dict(_LABELS),
            "clusterIP": addresses.dns[0],
            "clusterIPs": list(addresses.dns),
            "ipFamilies": list(addresses.families),
            "ipFamilyPolicy": "SingleStack" if len(addresses.families) == 1 else "RequireDualStack",
            "ports": ports,
        },
    }


def _port(name: str, number: int, protocol: str) -> dict[str, Any]:
    return {"name": name, "port": number, "protocol": protocol}


def _deployment(image: str) -> dict[str, Any]:
    container = {
        "name": NAME,
        "image": image,
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53, "protocol": "TCP"}],
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": True}],
        "livenessProbe": _probe("/health", 8080, 10),
        "readinessProbe": _probe("/ready", 8181, 1),
    }
    config: Mapping[str, Any] = {"name": NAME, "items": [{"key": "Corefile", "path": "Corefile"}]}
    pod = {
        "serviceAccountName": NAME,
        "dnsPolicy": "Default",
        "priorityClassName": "system-cluster-critical",
        "containers": [container],
        "volumes": [{"name": "config", "configMap": config}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(),
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": dict(_LABELS)},
            "template": {"metadata": {"labels": dict(_LABELS)}, "spec": pod},
        },
    }


def _probe(path: str, port: int, seconds: int) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": port}, "periodSeconds": seconds, "timeoutSeconds": 5}
