"""One real node: its files, and the process that boots it."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox.nodes import settings
from sandbox.nodes.boot import Boot, Program
from sandbox.process import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.controlplane.cluster import ControlPlane
    from sandbox.nodes.settings import NodeSettings

PROGRAMS: Final = ("kubelet", "kube-proxy")
_ALONE: Final = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "--")


@dataclass(frozen=True, slots=True)
class NodeParts:
    """What nodes are made of: a root file system, images by name, and the programs that no distribution has.

    `coredns` and `python` name the images of the cluster's DNS and of a watcher.
    """

    root: Path
    images: Mapping[str, Path]
    coredns: str
    python: str
    binaries: Mapping[str, Path]


def node_command(plane: ControlPlane, node: NodeSettings, parts: NodeParts, *, sources: Path) -> Command:
    """Write the node's files into the folder of its control plane and return the command that boots it.

    Killed, it takes everything in the node along; `sources` is the checkout.
    """
    machine = plane.spec.machine
    assert machine is not None  # noqa: S101 - only a cluster with a machine has a real node
    folder = plane.spec.folder
    _write_files(folder, node)
    boot = Boot(
        folder=str(folder),
        root=str(parts.root),
        binaries={name: str(parts.binaries[name]) for name in PROGRAMS},
        images=tuple(map(str, parts.images.values())),
        api=(machine.address, plane.ports.api_server),
        programs=(
            Program("kubelet", ("kubelet", *settings.kubelet_flags(node))),
            Program("kube-proxy", ("kube-proxy", f"--config={settings.HOME}/kube-proxy.yaml")),
        ),
    )
    told = folder / "node.json"
    boot.write(told)
    return Command(
        name=f"{plane.name}/node",
        arguments=(*machine.enter, *_ALONE, sys.executable, "-m", "sandbox.nodes.boot", str(told)),
        folder=sources,
        log=folder / "logs" / "node.log",
        environment={"PATH": f"/usr/sbin:/sbin:{os.defpath}", "PYTHONPATH": str(sources)},
        # Asked politely, unshare goes on; killed, it takes the first process of the node with it.
        stop_signal=signal.SIGKILL,
    )


def _write_files(folder: Path, node: NodeSettings) -> None:
    (folder / "logs").mkdir(exist_ok=True)
    (folder / "containerd.toml").write_text(settings.containerd(), encoding="utf-8")
    (folder / "resolv.conf").write_text(settings.resolv_conf(node.addresses), encoding="utf-8")
    documents = {
        "cni.json": settings.cni(node.addresses),
        # JSON is YAML.
        "kubelet.yaml": settings.kubelet(node),
        "kube-proxy.yaml": settings.kube_proxy(node),
    }
    for name, content in documents.items():
        (folder / name).write_text(json.dumps(content, indent=1), encoding="utf-8")
