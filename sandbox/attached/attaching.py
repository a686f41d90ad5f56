"""Attach to the user's clusters: proxies in front of them, announced as EKS clusters; nothing is installed here."""

from __future__ import annotations

import base64
import secrets
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from random import SystemRandom
from typing import TYPE_CHECKING, Final

from cloudmap_mcs.install.crds import custom_resource_definitions
from sandbox.attached.checks import Intent, check
from sandbox.attached.config import Config, Front
from sandbox.attached.contexts import read_contexts
from sandbox.attached.server import ADMINISTRATOR
from sandbox.aws.server import EksCluster
from sandbox.cloudmaps import listens
from sandbox.clusters import IDENTITY_AGENT, KUBERNETES, eks_name
from sandbox.controlplane.certificates import write_pairs
from sandbox.process import Command, free_ports
from sandbox.sandbox import Member

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sandbox.attached.contexts import Context
    from sandbox.aws.server import LocalAws
    from sandbox.process import Processes

_READY_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Attaching:
    """The user's clusters, read but not touched yet; all files go below `folder`."""

    kubeconfig: str
    contexts: tuple[Context, ...]
    folder: Path

    @classmethod
    def read(cls, kubeconfig: str, names: Sequence[str], folder: Path) -> Attaching:
        """Read the contexts; SandboxError for one that cannot be attached to."""
        scratch = folder / "private"
        shutil.rmtree(scratch, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return cls(kubeconfig, read_contexts(kubeconfig, names, scratch=scratch), folder)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(context.cluster for context in self.contexts)

    def start(
        self, aws: LocalAws, *, root: Path, environ: Mapping[str, str], processes: Processes
    ) -> dict[str, Member]:
        """Start the proxies, announce each to the local AWS as an EKS cluster, return the members by cluster id."""
        hidden = {context.name: secrets.token_hex(16) for context in self.contexts}
        fronts = self._fronts({c.name: aws.webhook_url(eks_name(c.cluster), hidden[c.name]) for c in self.contexts})
        file = self.folder / "proxies.json"
        Config(self.kubeconfig, str(self.folder / "private"), fronts).write(file)
        command = Command(
            "attached-clusters",
            (sys.executable, "-m", "sandbox.attached", str(file)),
            root,
            self.folder / "proxies.log",
            # Credential plugins of a kubeconfig rely on whatever the user has set.
            {**environ, "PYTHONPATH": str(root)},
        )
        child = processes.start(command)
        child.wait_until(lambda: all(listens(front.port) for front in fronts), timeout=_READY_SECONDS)
        members = [self._member(context, front) for context, front in zip(self.contexts, fronts, strict=True)]
        for context, member in zip(self.contexts, members, strict=True):
            ca = base64.b64encode(member.ca.read_bytes()).decode()
            secret = hidden[context.name]
            aws.announce(EksCluster(member.eks, KUBERNETES, member.server, ca, secret, addons=(IDENTITY_AGENT,)))
        return {member.id: member for member in members}

    def check(self, members: Mapping[str, Member], *, clusterset: str, namespaces: tuple[str, ...]) -> None:
        """Refuse clusters that must not be touched (SandboxError); `namespaces` may not be there yet."""
        definitions = {
            item["metadata"]["name"]: frozenset(version["name"] for version in item["spec"]["versions"])
            for item in custom_resource_definitions()
        }
        clusters = [(context, members[context.cluster].client()) for context in self.contexts]
        check(clusters, Intent(clusterset, definitions, namespaces))

    def _fronts(self, webhooks: Mapping[str, str]) -> tuple[Front, ...]:
        now = datetime.now(UTC)  # noqa: TID251 - certificates begin now
        found = []
        for context, port in zip(self.contexts, free_ports(len(self.contexts), SystemRandom()), strict=True):
            pki = self.folder / context.cluster / "pki"
            write_pairs(pki, now, addresses=("127.0.0.1",), clients={"admin": ADMINISTRATOR})
            (self.folder / context.cluster / "api-server-ca.crt").write_bytes(context.ca)
            found.append(Front(context.name, port, str(pki), webhooks[context.name]))
        return tuple(found)

    def _member(self, context: Context, front: Front) -> Member:
        home = self.folder / context.cluster
        return Member(
            id=context.cluster,
            eks=eks_name(context.cluster),
            server=f"https://127.0.0.1:{front.port}",
            kubeconfig=self.kubeconfig,
            ca=home / "pki" / "ca.crt",
            certificate=home / "pki" / "admin.crt",
            key=home / "pki" / "admin.key",
            pod_server=context.server,
            pod_ca=home / "api-server-ca.crt",
            context=context.name,
        )
