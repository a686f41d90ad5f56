"""The way into the network of a sandbox with real nodes, and its end."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from typing import TYPE_CHECKING, Final, NoReturn

from infra.bundle import bundle
from infra.cache import cache_folder
from infra.wheels import host_target
from sandbox.aws.node import find_node, install_cdk
from sandbox.aws.venv import ministack_python
from sandbox.binaries.building import build
from sandbox.controlplane.cluster import WITHOUT_NODES
from sandbox.errors import SandboxError
from sandbox.nodes.cgroups import Cgroups
from sandbox.nodes.clusters import RealNodes, addresses
from sandbox.nodes.network import Network
from sandbox.nodes.parts import BINARIES, gather
from sandbox.process import stop_recorded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sandbox.binaries.progress import Progress

_TOOLS: Final = ("ip", "nsenter", "unshare", "mount", "umount", "pivot_root", "sysctl")


def missing(environ: Mapping[str, str]) -> str | None:
    """Say why real nodes cannot run on this machine, or None if nothing is known to be against it."""
    if platform.system() != "Linux":
        return f"real nodes need Linux, and this is {platform.system()}"
    if os.geteuid() != 0:
        return "real nodes need root: namespaces, mounts and cgroups are made for them"
    lacking = [name for name in _TOOLS if not shutil.which(name, path=environ.get("PATH"))]
    if lacking:
        return f"real nodes need {', '.join(lacking)} of iproute2, util-linux and procps, not found on the PATH"
    return None


def real_nodes(
    root: Path, folder: Path, families: Mapping[str, tuple[str, ...]], *, environ: Mapping[str, str], progress: Progress
) -> RealNodes:
    """Gather what the nodes are made of, building and downloading what the caches lack.

    SandboxError says why this machine cannot have real nodes, or what to do about a failed download.
    """
    reason = missing(environ)
    if reason:
        raise SandboxError(reason)
    addresses(families)
    network = Network(folder)
    return RealNodes(
        network=network,
        cgroups=Cgroups(network.name),
        parts=gather(environ, progress),
        families=families,
        sources=root,
    )


def enter(root: Path, nodes: RealNodes, *, environ: Mapping[str, str], progress: Progress) -> NoReturn:
    """Make the network anew and go on with this same command inside it.

    Nothing can be downloaded there, so all that needs the outside is done before.
    """
    build(("kubectl", *WITHOUT_NODES, *BINARIES), environ=environ, progress=progress)
    install_cdk(root, find_node(environ), environ=environ, say=progress.say)
    ministack_python(root, cache=cache_folder(environ), say=progress.say)
    bundle(root, host_target(), cache=cache_folder(environ), say=progress.say)
    stop_recorded(nodes.network.folder)
    nodes.cgroups.remove()
    nodes.network.create(addresses(nodes.families))
    command = (*nodes.network.enter_vpc(), sys.executable, *sys.orig_argv[1:])
    os.execvpe(command[0], command, dict(environ))  # noqa: S606 - no shell is wanted


def leave(folder: Path) -> None:
    """Remove network and cgroups of a sandbox whose processes have ended; without any there is nothing to do."""
    if platform.system() == "Linux":
        network = Network(folder)
        network.remove()
        Cgroups(network.name).remove()
