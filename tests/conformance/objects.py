"""The manifests that every spec begins with: the service `hello`, pods that answer for it, and a pod to ask from."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

Manifest = dict[str, Any]

HELLO: Final = "hello"
REQUEST: Final = "request"
PORT: Final = 42
MCS: Final = "multicluster.x-k8s.io/v1beta1"

_ANSWERING_IMAGE: Final = "alpine/socat:1.7.4.4"
_ASKING_IMAGE: Final = "nicolaka/netshoot:v0.15"

# A pod with any IPv6 address listens on the IPv6 socket, which then takes IPv4 as well. The address reaches the inner
# shell by the environment: colons and commas would mean something to socat.
_LISTEN: Final = """
export POD_IP="${{MY_POD_IPS%%,*}}"
case "$MY_POD_IPS" in
  *:*) listen={protocol}6-LISTEN:{port},ipv6only=0 ;;
  *) listen={protocol}4-LISTEN:{port} ;;
esac
exec socat "$listen",reuseaddr,fork SYSTEM:'echo pod ip $POD_IP'
"""


def hello_service(**spec: Any) -> Manifest:
    """Give the Service with other or further fields of its spec."""
    dummy = {"dummy-svc": "dummy"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": HELLO, "labels": dummy, "annotations": dummy},
        "spec": {
            "selector": {"app": HELLO},
            "ports": [port("tcp"), port("udp", protocol="UDP")],
            "sessionAffinity": "ClientIP",
            "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10}},
            "ipFamilyPolicy": "PreferDualStack",
            **spec,
        },
    }


def port(name: str, number: int = PORT, *, protocol: str = "TCP", target: int | str | None = None) -> Manifest:
    asked: Manifest = {"name": name, "port": number, "protocol": protocol}
    return asked if target is None else {**asked, "targetPort": target}


def hello_export(**spec: Any) -> Manifest:
    dummy = {"dummy-svcexport": "dummy"}
    return {
        "apiVersion": MCS,
        "kind": "ServiceExport",
        "metadata": {"name": HELLO, "labels": dummy, "annotations": dummy},
        **({"spec": spec} if spec else {}),
    }


def hello_deployment(replicas: int = 1) -> Manifest:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": HELLO}, "spec": _hello_pods(replicas)}


def hello_stateful_set(replicas: int) -> Manifest:
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": f"{HELLO}-ss"},
        "spec": {**_hello_pods(replicas), "serviceName": HELLO},
    }


def request_pod() -> Manifest:
    loop = "while :; do echo .; sleep 5; done"
    container = {"name": REQUEST, "image": _ASKING_IMAGE, "command": ["/bin/sh", "-c", loop]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": REQUEST, "labels": {"app": REQUEST}},
        # The shell ignores SIGTERM, and pods of many specs would pile up for the usual 30 s each.
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
    }


def _hello_pods(replicas: int) -> Manifest:
    return {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": HELLO}},
        "template": {
            "metadata": {"labels": {"app": HELLO}},
            "spec": {"containers": [answering("TCP"), answering("UDP")]},
        },
    }


def answering(protocol: Literal["TCP", "UDP"], number: int = PORT) -> Manifest:
    """Give a container that answers each connection with the first address of its pod."""
    return {
        "name": f"hello-{protocol.lower()}",
        "image": _ANSWERING_IMAGE,
        "command": ["/bin/sh", "-c", _LISTEN.format(protocol=protocol, port=number)],
        "env": [{"name": "MY_POD_IPS", "valueFrom": {"fieldRef": {"fieldPath": "status.podIPs"}}}],
    }


@dataclass(frozen=True, slots=True)
class Offer:
    """What one cluster has of a service: the Service, what runs behind it, the ServiceExport unless made by hand."""

    service: Manifest = field(default_factory=hello_service)
    workload: Manifest | None = field(default_factory=hello_deployment)
    export: Manifest | None = field(default_factory=hello_export)
