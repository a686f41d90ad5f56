"""Who has which address in the network that stands for the VPC."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from sandbox.errors import SandboxError

IPV4: Final = "IPv4"
IPV6: Final = "IPv6"
FAMILIES: Final = {
    "ipv4": (IPV4,),
    "ipv6": (IPV6,),
    "dual": (IPV4, IPV6),
    "dual-ipv6": (IPV6, IPV4),
}
"""IP families of a cluster by the name a person gives them; the main one first."""

VPC: Final = {IPV4: "10.66.0.1", IPV6: "fd66::1"}
"""The bridge: here listens what stands for AWS."""
VPC_PREFIX: Final = {IPV4: 24, IPV6: 64}
POD_IDENTITY: Final = {IPV4: "169.254.170.23", IPV6: "fd00:ec2::23"}
"""Where EKS's Pod Identity agent listens on every node, and where SDKs allow it to be."""
_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of the cluster with a number, counted from 1: one CIDR per family of its pods and Services.

    The machine itself has both families whatever its cluster has, so that everybody reaches every API server.
    """

    number: int
    families: tuple[str, ...] = (IPV4,)

    def __post_init__(self) -> None:
        if not 1 <= self.number <= _MOST:
            raise SandboxError(f"a sandbox with real nodes has room for {_MOST} clusters, not {self.number}")

    @property
    def machine(self) -> dict[str, str]:
        return {IPV4: f"10.66.0.{10 + self.number}", IPV6: f"fd66::{10 + self.number}"}

    @property
    def pods(self) -> tuple[str, ...]:
        ranges = {IPV4: f"10.{200 + self.number}.0.0/16", IPV6: f"fd66:{200 + self.number}::/64"}
        return tuple(ranges[family] for family in self.families)

    @property
    def services(self) -> tuple[str, ...]:
        ranges = {IPV4: f"10.{100 + self.number}.0.0/16", IPV6: f"fd66:{100 + self.number}::/112"}
        return tuple(ranges[family] for family in self.families)

    @property
    def dns(self) -> tuple[str, ...]:
        """Cluster IPs of the DNS Service: the tenth of each range, as everywhere."""
        return tuple(str(ip_network(cidr)[10]) for cidr in self.services)

    def gateway(self, cidr: str) -> str:
        """Machine to which packets for a pod range go."""
        return self.machine[IPV6 if ":" in cidr else IPV4]
