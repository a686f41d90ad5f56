"""What makes the commands that are shown work when a person pastes them into a shell of their own."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.sandbox import Member, Sandbox


def exports(sandbox: Sandbox) -> list[str]:
    """Return the lines to paste first, after writing the kubeconfig that they name.

    With them `kubectl --context NAME` means a member cluster, and `aws` the local AWS as its root user.
    """
    attached = [member for member in sandbox.members.values() if member.context]
    if not attached:
        _write(kubeconfig(sandbox), _merged(sandbox.members.values()))
    aws = sandbox.aws.client_environment()
    names = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION")
    return [
        f"export KUBECONFIG={shlex.quote(kubeconfig(sandbox))}",
        f"export PATH={shlex.quote(str(sandbox.kubectl.parent))}:$PATH",
        f"export {' '.join(f'{name}={shlex.quote(aws[name])}' for name in names)}",
    ]


def kubeconfig(sandbox: Sandbox) -> str:
    """Return KUBECONFIG for all members: the user's own for attached clusters, else one file of the sandbox."""
    own = next((member.kubeconfig for member in sandbox.members.values() if member.context), None)
    return own or str(sandbox.folder / "kubeconfig")


def kubectl(member: Member) -> tuple[str, ...]:
    """Return how kubectl is started on this cluster in such a shell."""
    return ("kubectl", "--context", member.context or member.id)


def _merged(members: Iterable[Member]) -> dict[str, Any]:
    """Put the members' kubeconfigs into one, everything by the cluster's id: their users all have the same name."""
    merged: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "clusters": [], "users": [], "contexts": []}
    for member in members:
        single = yaml.safe_load(Path(member.kubeconfig).read_text(encoding="utf-8"))
        merged["clusters"].append({**single["clusters"][0], "name": member.id})
        merged["users"].append({**single["users"][0], "name": member.id})
        merged["contexts"].append({"name": member.id, "context": {"cluster": member.id, "user": member.id}})
    return merged


def _write(path: str, config: dict[str, Any]) -> None:
    """Write it for this user alone: it holds the administrators' keys."""
    with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        yaml.safe_dump(config, file, sort_keys=False)
