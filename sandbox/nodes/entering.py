"""The way into the network of a sandbox with real nodes, and its end."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from infra.bundle import bundle
from infra.cache import cache_folder
from infra.wheels import host_target
from sandbox.aws.node import find_node, install_cdk
from sandbox.aws.venv import ministack_python
from sandbox.errors import SandboxError
from sandbox.nodes.cgroups import Cgroups
from sandbox.nodes.clusters import RealNodes, addresses
from sandbox.nodes.mounts import refuses_layers
from sandbox.nodes.network import Network
from sandbox.nodes.parts import gather
from sandbox.process import stop_recorded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.binaries.progress import Progress

_TOOLS: Final = ("ip", "nsenter", "unshare", "mount", "umount", "pivot_root", "sysctl")
# Numbers of capabilities(7): root in a container often lacks them.
_CAPABILITIES: Final = {"CAP_NET_ADMIN": 12, "CAP_SYS_ADMIN": 21}


def missing(environ: Mapping[str, str], folder: Path) -> str | None:
    """Say why real nodes cannot run on this machine with their state in this folder, or None if they can.

    Nothing is made but a cgroup in each hierarchy, which is removed at once.
    """
    reason = _lacking(environ)
    if reason:
        return reason
    kind = refuses_layers(folder, _mountinfo())
    if kind:
        remedy = "in a container mount a volume there"
        return f"real nodes keep containers' layers in {folder}, on {kind}, which cannot hold them: {remedy}"
    obstacle = Cgroups(Network(folder).name).obstacle()
    return f"real nodes need cgroups of their own, and {obstacle}" if obstacle else None


def _lacking(environ: Mapping[str, str]) -> str | None:
    """Say which system, right or program is not there."""
    if platform.system() != "Linux":
        return f"real nodes need Linux, and this is {platform.system()}"
    if os.geteuid() != 0:
        return "real nodes need root: namespaces, mounts and cgroups are made for them"
    lacking = lacking_capabilities(_own_capabilities())
    if lacking:
        return f"real nodes need {' and '.join(lacking)}, which root lacks here: a container is to be privileged"
    tools = [name for name in _TOOLS if not shutil.which(name, path=environ.get("PATH"))]
    if tools:
        return f"real nodes need {', '.join(tools)} of iproute2, util-linux and procps, not found on the PATH"
    if not shutil.which("apt-get", path=environ.get("PATH")):
        return "real nodes are made from packages of Debian or Ubuntu, and this machine has no apt-get"
    return None


def lacking_capabilities(status: str) -> list[str]:
    """Name what a process may not do that making nodes takes; `status` is its /proc/PID/status."""
    effective = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff:"))
    return [name for name, number in _CAPABILITIES.items() if not effective >> number & 1]


def _own_capabilities() -> str:
    return Path("/proc/self/status").read_text(encoding="utf-8")


def _mountinfo() -> str:
    return Path("/proc/self/mountinfo").read_text(encoding="utf-8")


def real_nodes(
    root: Path, folder: Path, families: Mapping[str, tuple[str, ...]], *, environ: Mapping[str, str], progress: Progress
) -> RealNodes:
    """Gather what the nodes are made of, building and downloading what the caches lack.

    SandboxError says why this machine cannot have real nodes, or what to do about a failed download.
    """
    reason = missing(environ, folder)
    if reason:
        raise SandboxError(reason)
    addresses(families)  # there is room for so many
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

    Nothing can be downloaded there, so all that needs the outside is done before. What a sandbox in this folder has
    running is stopped; a network that cannot be made leaves nothing.
    """
    install_cdk(root, find_node(environ), environ=environ, say=progress.say)
    ministack_python(root, cache=cache_folder(environ), say=progress.say)
    bundle(root, host_target(), cache=cache_folder(environ), say=progress.say)
    folder = nodes.network.folder
    stop_recorded(folder)
    for told in leave(folder):
        progress.say(told)
    try:
        nodes.network.create(addresses(nodes.families))
        command = (*nodes.network.enter_vpc(), sys.executable, *sys.orig_argv[1:])
        os.execvpe(command[0], command, dict(environ))  # noqa: S606 - no shell is wanted
    except BaseException:
        leave(folder)
        raise


def leave(folder: Path) -> list[str]:
    """Remove network, cgroups and unpacked images of a sandbox whose processes have ended, if there are any.

    Logs and everything else stay. Returns a sentence for each thing that could not be removed.
    """
    if platform.system() != "Linux":
        return []
    network = Network(folder)
    network.remove()
    # Half a gigabyte a cluster, made anew at each start.
    for layers in folder.glob("clusters/*/containerd"):
        shutil.rmtree(layers, ignore_errors=True)
    return Cgroups(network.name).remove()
