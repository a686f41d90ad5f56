"""The manifests of the cases: Services and exports of any name, pods that answer, endpoints made by hand."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from tests.conformance.asking import Family
from tests.conformance.objects import HELLO, MCS, PORT, Manifest, answering, port
from tests.conformance.observing import MANAGED_BY, OWN_SERVICE_NAME

READY_FILE: Final = "/tmp/ready"  # noqa: S108 - in a pod of its own
CLIENT: Final = "client"
COUNTS: Final = "/tmp/counts"  # noqa: S108 - in a pod of its own

_ASKING_IMAGE: Final = "nicolaka/netshoot:v0.15"

# The file is moved into place: whoever reads it finds both numbers.
_CLIENT: Final = """
ok=0 failed=0
while :; do
  if timeout 3 socat -u TCP{family}:{name}:{port},connect-timeout=2 - 2>>/tmp/errors | grep -q 'pod ip'
  then ok=$((ok+1))
  else failed=$((failed+1)); date >>/tmp/errors
  fi
  echo "$ok $failed" >{counts}.new && mv {counts}.new {counts}
  sleep 0.1
done
"""


def service(name: str = HELLO, **spec: Any) -> Manifest:
    """Give a Service of the answering pods without session affinity, with other or further fields of its spec."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": HELLO}, "ports": [port("tcp")], "ipFamilyPolicy": "PreferDualStack", **spec},
    }


def by_hand(name: str = HELLO, **spec: Any) -> Manifest:
    """Give a Service without selector, whose endpoints are made by hand."""
    return service(name, selector=None, **spec)


def export(name: str = HELLO, **spec: Any) -> Manifest:
    made: Manifest = {"apiVersion": MCS, "kind": "ServiceExport", "metadata": {"name": name}}
    return {**made, "spec": spec} if spec else made


def endpoints_by_hand(
    slice_name: str, family: Family, endpoints: Sequence[Manifest], ports: Iterable[Manifest] = (), *, of: str = HELLO
) -> Manifest:
    """Give an EndpointSlice for a Service without selector (Kubernetes, "Services without selectors")."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": slice_name, "labels": {OWN_SERVICE_NAME: of, MANAGED_BY: "conformance-cases"}},
        "addressType": family,
        "ports": [*ports] or [port("tcp")],
        "endpoints": list(endpoints),
    }


def answering_pod(name: str, *, lingers: int = 0) -> Manifest:
    """Give a pod that answers, ready for as long as the file that it begins with is there.

    After its end was ordered it goes on for `lingers` seconds.
    """
    container = _ready_by_file() | (_lingering(lingers) if lingers else {})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": HELLO}},
        "spec": {"terminationGracePeriodSeconds": lingers + 1, "containers": [container]},
    }


def answering_deployment(
    name: str = HELLO, *, replicas: int = 1, container: Manifest | None = None, **spec: Any
) -> Manifest:
    """Give a Deployment of pods that answer; `spec` are further fields of its own spec."""
    labels = {"app": HELLO, "deployment": name}
    pods = {"containers": [container or answering("TCP")]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pods},
            **spec,
        },
    }


def answering_set(name: str, *, replicas: int, probe: Manifest | None = None) -> Manifest:
    """Give a StatefulSet of pods that answer, all started at once, behind the headless Service of its name."""
    labels = {"app": name}
    container = answering("TCP") | ({"readinessProbe": probe} if probe else {})
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name},
        "spec": {
            "serviceName": name,
            "podManagementPolicy": "Parallel",
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def lingering(seconds: int) -> Manifest:
    """Give a container that goes on answering for so long after its end was ordered, as a good server does."""
    probe = {"tcpSocket": {"port": PORT}, "periodSeconds": 1}
    return answering("TCP") | {"readinessProbe": probe} | _lingering(seconds)


def client_pod(family: Family, name: str) -> Manifest:
    """Give a pod that connects to a name about ten times a second, resolving it anew, and counts what it gets."""
    script = _CLIENT.format(family=family[-1], name=name, port=PORT, counts=COUNTS)
    container = {"name": CLIENT, "image": _ASKING_IMAGE, "command": ["/bin/sh", "-c", script]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": CLIENT},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
    }


def _ready_by_file() -> Manifest:
    container = answering("TCP")
    shell, option, script = container["command"]
    probe = {"exec": {"command": ["test", "-f", READY_FILE]}, "periodSeconds": 1, "failureThreshold": 1}
    return container | {"command": [shell, option, f"touch {READY_FILE}\n{script}"], "readinessProbe": probe}


def _lingering(seconds: int) -> Manifest:
    return {"lifecycle": {"preStop": {"exec": {"command": ["sleep", str(seconds)]}}}}
