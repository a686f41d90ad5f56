"""What the proxies' process is told, as a JSON file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Front:
    """One proxy: the context behind it, its port, the folder of its certificates, who reviews EKS tokens for it."""

    context: str
    port: int
    pki: str
    webhook: str


@dataclass(frozen=True, slots=True)
class Config:
    """All proxies of one kubeconfig; `scratch` is where its embedded certificates are written."""

    kubeconfig: str
    scratch: str
    fronts: tuple[Front, ...]

    def write(self, path: Path) -> None:
        """Write it for the owner only: who knows a webhook's URL may have tokens reviewed."""
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")


def read_config(path: Path) -> Config:
    """Read what `Config.write` wrote."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    return Config(raw["kubeconfig"], raw["scratch"], tuple(Front(**front) for front in raw["fronts"]))
