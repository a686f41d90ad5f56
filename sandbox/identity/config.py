"""What the endpoint's process is told, as a JSON file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ApiServer:
    """How to ask one cluster's API server as somebody who may create TokenReviews; all but the URL are paths."""

    url: str
    ca_file: str
    certificate: str
    key: str


@dataclass(frozen=True, slots=True)
class Config:
    """`clusters` by EKS cluster name; AWS as `LocalAws` has it; sessions last `session_seconds` (at least 900)."""

    port: int
    account: str
    region: str
    aws_host: str
    aws_port: int
    clusters: dict[str, ApiServer]
    session_seconds: int = 3600

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")


def read_config(path: Path) -> Config:
    """Read what `Config.write` wrote."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    clusters = {name: ApiServer(**values) for name, values in raw.pop("clusters").items()}
    return Config(clusters=clusters, **raw)
