"""What clusters with real nodes are made of, gathered from the caches: root file system, images, programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.binaries.building import build
from sandbox.binaries.catalog import TOOLS
from sandbox.controlplane.cluster import WITHOUT_NODES
from sandbox.nodes.images import NETSHOOT, PAUSE, SOCAT, coredns_image, ensure_image
from sandbox.nodes.images_python import python_image
from sandbox.nodes.node import PROGRAMS, NodeParts
from sandbox.nodes.rootfs import ensure_rootfs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.binaries.progress import Progress

BINARIES: Final = ("kubectl", *WITHOUT_NODES, *PROGRAMS, "coredns")


def coredns_version() -> str:
    """Return the version that is built, with its v."""
    return next(tool.version for tool in TOOLS if tool.name == "coredns")


def gather(environ: Mapping[str, str], progress: Progress) -> NodeParts:
    """Return the parts of every node, after downloading and building what the caches lack.

    The control planes' programs are built along, and the packages come first: what may be impossible, before what
    takes long.
    """
    root = ensure_rootfs(environ, progress.say)
    binaries = build(BINARIES, environ=environ, progress=progress)
    dns = coredns_image(binaries["coredns"], coredns_version())
    python = python_image()
    images = {image.name: ensure_image(image, root) for image in (PAUSE, SOCAT, NETSHOOT, dns, python)}
    return NodeParts(root, images, dns.name, python.name, binaries)
