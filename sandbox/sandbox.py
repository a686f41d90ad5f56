"""The whole sandbox as a value: what runs, where it listens, how to talk to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sandbox.aws.outputs import Deployed, MemberOutputs
from sandbox.aws.server import LocalAws
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Mapping

CLUSTERSET: Final = "demo"
ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
RESYNC_MINUTES: Final = 5


@dataclass(frozen=True, slots=True)
class Member:
    """One member cluster: its id, its EKS name, and an administrator's way in."""

    id: str
    eks: str
    server: str
    kubeconfig: Path
    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox; `kubectl` is the one built for it."""

    folder: Path
    aws: LocalAws
    members: Mapping[str, Member]
    deployed: Deployed
    kubectl: Path

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
    return Sandbox(Path(raw["folder"]), LocalAws(**raw["aws"]), members, deployed, Path(raw["kubectl"]))


def _member(fields: Mapping[str, str]) -> Member:
    paths = {name: Path(fields[name]) for name in ("kubeconfig", "ca", "certificate", "key")}
    return Member(id=fields["id"], eks=fields["eks"], server=fields["server"], **paths)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if hasattr(value, "__slots__") and not isinstance(value, Path):
        return {name: _plain(getattr(value, name)) for name in value.__slots__}
    return str(value) if isinstance(value, Path) else value
