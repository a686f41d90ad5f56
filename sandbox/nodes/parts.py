"""What nodes are made of, gathered from the caches: root file system, images, programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.binaries.building import build
from sandbox.binaries.catalog import TOOLS
from sandbox.nodes.images import NETSHOOT, PAUSE, SOCAT, coredns_image, ensure_image
from sandbox.nodes.node import PROGRAMS, NodeParts
from sandbox.nodes.rootfs import ensure_rootfs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.binaries.progress import Progress

BINARIES: Final = (*PROGRAMS, "coredns")


def coredns_version() -> str:
    """Return the version that is built, with its v."""
    return next(tool.version for tool in TOOLS if tool.name == "coredns")


def gather(environ: Mapping[str, str], progress: Progress) -> NodeParts:
    """Return the parts of every node, after building and downloading what the caches lack."""
    binaries = build(BINARIES, environ=environ, progress=progress)
    root = ensure_rootfs(environ, progress.say)
    dns = coredns_image(binaries["coredns"], coredns_version())
    images = {image.name: ensure_image(image, root) for image in (PAUSE, SOCAT, NETSHOOT, dns)}
    return NodeParts(root, images, dns.name, binaries)
