"""What a cluster of the sandbox is made of, as values."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Final

from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK: Final = "127.0.0.1"

# The audience under which EKS clusters take their own tokens.
API_AUDIENCE: Final = "https://kubernetes.default.svc"


@dataclass(frozen=True, slots=True)
class TokenWebhook:
    """Who answers the API server's TokenReviews for tokens it does not know itself.

    `ca_file` is needed for https with a private CA. Answers are kept for `cache_seconds`, 0 asks every time.
    """

    url: str
    ca_file: Path | None = None
    cache_seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine of the cluster's own: where its control plane runs and its one real node is.

    Commands get there with `enter` before them; everybody else reaches it at `address`. Pods reach the API server
    through the cluster's `kubernetes` Service, which leads to `advertised`, of the cluster's main IP family.
    """

    node: str
    address: str
    advertised: str
    enter: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClusterSpec:
    """One cluster: its folder holds all its state; one CIDR per IP family, the first is the main one.

    Without a `machine` everything listens on loopback, and KWOK simulates the nodes, spread over the zones in turn.
    With `audit`, audit.log in the folder names every request.
    """

    name: str
    folder: Path
    pod_cidrs: tuple[str, ...]
    service_cidrs: tuple[str, ...]
    nodes: int = 3
    zones: tuple[str, ...] = ("us-east-1a", "us-east-1b", "us-east-1c")
    token_webhook: TokenWebhook | None = None
    audit: bool = False
    machine: Machine | None = None

    @property
    def address(self) -> str:
        """Where the control plane listens."""
        return self.machine.address if self.machine else LOOPBACK

    @property
    def issuer(self) -> str:
        """Issuer of the cluster's ServiceAccount tokens; differs per cluster, as on EKS, and never resolves."""
        return f"https://{self.name}.oidc.invalid"

    @property
    def region(self) -> str:
        return self.zones[0].rstrip("abcdefghijklmnopqrstuvwxyz")

    @property
    def audit_log(self) -> Path:
        return self.folder / "audit.log"

    def node_cidrs(self, index: int) -> tuple[str, ...]:
        """Return the equal share of the pod CIDRs that one node hands out: a /16 leaves 16,384 for each of 3."""
        return tuple(str(_share(ip_network(cidr), index, self.nodes)) for cidr in self.pod_cidrs)


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one control plane; without KWOK the last is unused."""

    etcd: int
    etcd_peer: int
    api_server: int
    controller_manager: int
    scheduler: int
    kwok: int


def _share(network: IPv4Network | IPv6Network, index: int, count: int) -> IPv4Network | IPv6Network:
    bits = max(count - 1, 0).bit_length()
    prefix = network.prefixlen + bits
    if prefix > network.max_prefixlen - 2:
        raise SandboxError(f"the pod CIDR {network} is too small for {count} nodes")
    start = int(network.network_address) + (index << (network.max_prefixlen - prefix))
    return type(network)((start, prefix))
