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


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """What the process of one cluster's node is told.

    `cluster` is its EKS name. Pods of ServiceAccounts with an association get the agent's `uri` and the `variables`;
    the agent listens on each of `addresses` at port 80. The webhook listens on `webhook`, host and port, with the
    pair of files that is `serving`. AWS is as `LocalAws` has it.
    """

    cluster: str
    api: ApiServer
    account: str
    region: str
    aws_host: str
    aws_port: int
    addresses: tuple[str, ...]
    uri: str
    variables: dict[str, str]
    webhook: tuple[str, int]
    serving: tuple[str, str]
    session_seconds: int = 3600

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")


def read_node_config(path: Path) -> NodeConfig:
    """Read what `NodeConfig.write` wrote."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    host, port = raw.pop("webhook")
    certificate, key = raw.pop("serving")
    return NodeConfig(
        api=ApiServer(**raw.pop("api")),
        addresses=tuple(raw.pop("addresses")),
        webhook=(host, port),
        serving=(certificate, key),
        **raw,
    )


def read_config(path: Path) -> Config:
    """Read what `Config.write` wrote."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    clusters = {name: ApiServer(**values) for name, values in raw.pop("clusters").items()}
    return Config(clusters=clusters, **raw)
