"""The sandbox's own clusters: one control plane each, its tokens checked by the local AWS as on EKS."""

from __future__ import annotations

import base64
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from random import SystemRandom
from typing import TYPE_CHECKING, Final

from sandbox.aws.server import Addon, EksCluster
from sandbox.controlplane.cluster import ControlPlane, start_together
from sandbox.controlplane.spec import ClusterSpec, Ports, TokenWebhook
from sandbox.process import free_ports
from sandbox.sandbox import Member, OwnCluster

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sandbox.aws.server import LocalAws
    from sandbox.nodes.clusters import RealNodes
    from sandbox.process import Processes
    from sandbox.sandbox import Place

KUBERNETES: Final = "1.35"
_PORTS: Final = 6
"""Of one control plane."""
IDENTITY_AGENT: Final = Addon("eks-pod-identity-agent")
"""The sandbox's Pod Identity endpoint stands for it."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What clusters are started on: the sandbox's folder, its AWS, built programs, and who looks after processes."""

    folder: Path
    aws: LocalAws
    binaries: Mapping[str, Path]
    processes: Processes


def start_clusters(
    places: Mapping[str, Place], on: Ground, *, nodes: RealNodes | None = None
) -> dict[str, ControlPlane]:
    """Start all clusters at the same time; each asks the local AWS about tokens it did not issue itself.

    Each is announced as an EKS cluster of its place. With real `nodes` each runs on a machine of its own, and its node
    is started but not waited for.
    """
    webhook_secrets = {name: secrets.token_hex(16) for name in places}
    theirs = {name: on.aws.at(place.account, place.region) for name, place in places.items()}
    # Chosen together: nothing listens on them yet, so two choices could be the same.
    ports = iter(free_ports(_PORTS * len(places), SystemRandom()))
    planes = {}
    for index, name in enumerate(places, start=1):
        webhook = TokenWebhook(theirs[name].webhook_url(eks_name(name), webhook_secrets[name]))
        spec = nodes.spec(name, _home(on.folder, name), webhook) if nodes else _spec(index, name, on.folder, webhook)
        planes[name] = ControlPlane(spec, Ports(*islice(ports, _PORTS)), binaries=on.binaries, processes=on.processes)
    start_together(list(planes.values()), on.processes, datetime.now(UTC))  # noqa: TID251 - certificates begin now
    for name, plane in planes.items():
        theirs[name].announce(
            EksCluster(
                name=eks_name(name),
                version=KUBERNETES,
                endpoint=plane.server,
                ca=base64.b64encode(plane.ca_file.read_bytes()).decode(),
                secret=webhook_secrets[name],
                addons=(IDENTITY_AGENT,),
            )
        )
        if nodes:
            nodes.boot(plane, on.processes)
    return planes


def eks_name(cluster: str) -> str:
    """Name a cluster's EKS cluster: not its id, so that nothing can take one for the other."""
    return f"sandbox-{cluster}"


def member(name: str, plane: ControlPlane, cluster: OwnCluster = OwnCluster()) -> Member:  # noqa: B008 - a frozen value
    """Describe a running control plane as a member cluster."""
    pki = plane.ca_file.parent
    return Member(
        id=name,
        eks=eks_name(name),
        server=plane.server,
        kubeconfig=str(plane.kubeconfig),
        ca=plane.ca_file,
        certificate=pki / "admin.crt",
        key=pki / "admin.key",
        pod_server=plane.server,
        pod_ca=plane.ca_file,
        account=cluster.place.account,
        region=cluster.place.region,
        functions_account=cluster.of_functions.account,
    )


def _home(folder: Path, name: str) -> Path:
    """Return the cluster's folder, emptied of what an earlier run left."""
    home = (folder / "clusters" / name).absolute()
    shutil.rmtree(home, ignore_errors=True)
    return home


def _spec(index: int, name: str, folder: Path, webhook: TokenWebhook) -> ClusterSpec:
    return ClusterSpec(
        name=name,
        folder=_home(folder, name),
        pod_cidrs=(f"10.{200 + index}.0.0/16",),
        service_cidrs=(f"10.{100 + index}.0.0/16",),
        token_webhook=webhook,
        audit=True,
    )
