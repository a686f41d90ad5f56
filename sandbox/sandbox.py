"""The whole sandbox as a value: what runs, where it listens, how to talk to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sandbox.aws.outputs import Deployed, MemberOutputs
from sandbox.aws.server import LocalAws
from sandbox.controlplane.client import KubeClient
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Mapping

CLUSTERSET: Final = "demo"
ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
RESYNC_MINUTES: Final = 5


@dataclass(frozen=True, slots=True)
class Place:
    """An account and a Region of the local AWS; without arguments the hub's."""

    account: str = ACCOUNT
    region: str = REGION


@dataclass(frozen=True, slots=True)
class OwnCluster:
    """What a cluster of the sandbox's own is to be: its place, its IP families, and who sees to its DNS.

    Without `dns` the installer does with real nodes, and nobody where nothing runs in pods. Without
    `functions_account` its functions run in its own.
    """

    families: tuple[str, ...] = ("IPv4",)
    place: Place = Place()
    dns: str = ""
    functions_account: str = ""

    @property
    def of_functions(self) -> Place:
        """Where its functions run: beside it, unless another account is named."""
        return Place(self.functions_account or self.place.account, self.place.region)


@dataclass(frozen=True, slots=True)
class Member:
    """One member cluster: its id, its EKS name, and an administrator's way in.

    `server` is what EKS announces; with `ca`, `certificate` and `key` it is spoken to as administrator. `pod_server` is
    what a pod would see. `context` is set for a cluster of the user's: then `kubeconfig` is the user's own, as
    KUBECONFIG has it (one path or several with colons).
    """

    id: str
    eks: str
    server: str
    kubeconfig: str
    ca: Path
    certificate: Path
    key: Path
    pod_server: str
    pod_ca: Path
    context: str = ""
    account: str = ACCOUNT
    region: str = REGION
    functions_account: str = ACCOUNT

    def client(self) -> KubeClient:
        """Open a client as administrator."""
        return KubeClient(self.server, self.ca, certificate=(self.certificate, self.key))

    def kubectl(self, program: Path) -> tuple[str, ...]:
        """Return how a person starts kubectl on an attached cluster."""
        return ("env", f"KUBECONFIG={self.kubeconfig}", str(program), "--context", self.context)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox; `kubectl` is the one built for it, `cloudmap_endpoint` is set if Cloud Map is not its own."""

    folder: Path
    aws: LocalAws
    members: Mapping[str, Member]
    deployed: Deployed
    kubectl: Path
    cloudmap_endpoint: str = ""

    def aws_of(self, cluster: str) -> LocalAws:
        """Return the local AWS as it is seen from the account and Region of a member's functions."""
        member = self.members[cluster]
        return self.aws.at(member.functions_account, member.region)

    def write(self) -> None:
        """Note in its folder what is running, for other shells and for tests."""
        (self.folder / "sandbox.json").write_text(json.dumps(_plain(self), indent=2), encoding="utf-8")


def read_sandbox(folder: Path) -> Sandbox:
    """Read what a running sandbox noted; SandboxError if none did."""
    file = folder / "sandbox.json"
    if not file.exists():
        raise SandboxError("no sandbox is running in this checkout; start one with: make sandbox")
    raw = json.loads(file.read_text(encoding="utf-8"))
    members = {name: _member(fields) for name, fields in raw["members"].items()}
    outputs = {name: MemberOutputs(**fields) for name, fields in raw["deployed"]["members"].items()}
    deployed = Deployed(**{**raw["deployed"], "members": outputs})
    aws, kubectl = LocalAws(**raw["aws"]), Path(raw["kubectl"])
    return Sandbox(Path(raw["folder"]), aws, members, deployed, kubectl, raw["cloudmap_endpoint"])


def _member(fields: Mapping[str, str]) -> Member:
    paths = {"ca", "certificate", "key", "pod_ca"}
    return Member(**{name: Path(value) if name in paths else value for name, value in fields.items()})  # type: ignore[arg-type]  # JSON


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if hasattr(value, "__slots__") and not isinstance(value, Path):
        return {name: _plain(getattr(value, name)) for name in value.__slots__}
    return str(value) if isinstance(value, Path) else value
