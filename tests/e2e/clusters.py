"""Two running control planes, a workload for them, and how to look at it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import Any

from rich.console import Console

from sandbox.binaries.building import build
from sandbox.binaries.progress import Progress
from sandbox.controlplane.cluster import PROGRAMS, ControlPlane, start_together
from sandbox.controlplane.spec import ClusterSpec, Ports, TokenWebhook
from sandbox.process import Processes, free_ports

SLICES = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?labelSelector=kubernetes.io/service-name=web"
PODS = "/api/v1/namespaces/shop/pods"
WEB_PODS = f"{PODS}?labelSelector=app=web"
DEPLOYMENT = "/apis/apps/v1/namespaces/shop/deployments/web"
ACCOUNT = "/api/v1/namespaces/shop/serviceaccounts/reader"
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
POD_IDENTITY = "pods.eks.amazonaws.com"

WEB = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
"""


@dataclass(frozen=True)
class Lab:
    planes: tuple[ControlPlane, ControlPlane]
    processes: Processes
    binaries: dict[str, Path]


def a_spec(index: int, name: str, folder: Path) -> ClusterSpec:
    return ClusterSpec(name, folder / name, (f"10.{200 + index}.0.0/16",), (f"10.{100 + index}.0.0/16",), audit=True)


@contextmanager
def running_lab(folder: Path, webhook: TokenWebhook | None = None) -> Iterator[Lab]:
    """Two clusters; the second one puts unknown tokens to the webhook."""
    binaries = build((*PROGRAMS, "kubectl"), environ=os.environ, progress=Progress(Console()))  # noqa: TID251 - a door
    specs = (a_spec(1, "a", folder), replace(a_spec(2, "b", folder), token_webhook=webhook))
    with Processes(folder) as processes:
        one, two = (
            ControlPlane(spec, Ports(*free_ports(6, SystemRandom())), binaries=binaries, processes=processes)
            for spec in specs
        )
        start_together((one, two), processes, now())
        yield Lab((one, two), processes, binaries)


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - a door


def ready_endpoints(plane: ControlPlane) -> list[dict[str, Any]]:
    slices = plane.client().get(SLICES)["items"]
    return [point for one in slices for point in one["endpoints"] or [] if point["conditions"]["ready"]]


def scale(plane: ControlPlane, replicas: int) -> None:
    plane.client().patch(DEPLOYMENT, {"spec": {"replicas": replicas}})
