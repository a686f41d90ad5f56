"""Say what goes into the user's clusters before it does, and how it comes out again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Final

import yaml

from cloudmap_mcs.cli.rendering import Wanted, manifests
from cloudmap_mcs.clusterset import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cloudmap_mcs.install.names import Manifest
    from sandbox.attached.contexts import Context
    from sandbox.sandbox import Member

_DEFINITION: Final = "CustomResourceDefinition"
_FILE: Final = "installed.yaml"


def announce_install(kubeconfig: str, contexts: Sequence[Context], say: Callable[[str], None]) -> None:
    """List the contexts, their cluster ids, and what the installer is about to do in each."""
    say(f"attaching to clusters of yours ({kubeconfig}); each is written to as its administrator:")
    for context in contexts:
        say(f"  context {context.name} → cluster id {context.cluster}, {context.server}")
    say("  the deploy's installer looks at each first and applies what `./mcsctl render` prints; its DNS is left alone")
    say("  the Deployment has no replicas, the watchers run on this machine; all of it stays until you delete it")


def installed(folder: Path, cluster: str) -> tuple[Manifest, ...]:
    """Return what the deploy in this folder has made in a cluster; of the Deployment the image is not told."""
    file = folder / "clusterset.yaml"
    wanted = Wanted(clusterset=file, cluster=cluster, outputs=folder / "outputs.json", image="sandbox")
    return manifests(load(file), wanted)


def write_installed(folder: Path, manifests: Sequence[Mapping[str, Any]]) -> None:
    """Note what was installed, so that one kubectl removes it; definitions stay, with them goes everybody's data."""
    removable = [manifest for manifest in manifests if manifest["kind"] != _DEFINITION]
    (folder / _FILE).write_text(yaml.safe_dump_all(removable, sort_keys=False), encoding="utf-8")


def removal_commands(members: Sequence[Member], folder: Path, kubectl: Path) -> list[str]:
    """Return what a user types to take everything out of the attached clusters again."""
    return [
        shlex.join([*member.kubectl(kubectl), "delete", "--ignore-not-found", "-f", str(folder / member.id / _FILE)])
        for member in members
        if member.context
    ]
