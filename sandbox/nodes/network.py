"""The network namespaces: one for the VPC with its bridge, one per cluster with a wire to it."""

from __future__ import annotations

import hashlib
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox.errors import SandboxError
from sandbox.nodes.addresses import IPV4, IPV6, POD_IDENTITY, VPC, VPC_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.nodes.addresses import Addresses

_NAMESPACES: Final = Path("/run/netns")
_BRIDGE: Final = "vpc"
_FORWARDING: Final = ("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv6.conf.default.accept_dad=0")
# A redirect would teach nodes a way past the bridge's address, and the reverse path filter knows only one way.
_OF_THE_VPC: Final = ("net.ipv4.conf.all.send_redirects=0", "net.ipv4.conf.default.send_redirects=0")
_OF_A_NODE: Final = ("net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0")


@dataclass(frozen=True, slots=True)
class Network:
    """The namespaces of the sandbox in one folder; two sandboxes in two folders do not meet."""

    folder: Path

    @property
    def name(self) -> str:
        """What all names of this network on the machine begin with; the same however the folder is spelled."""
        return f"mcs-{hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:8]}"

    @property
    def vpc(self) -> Path:
        """File of the namespace that stands for the VPC."""
        return _NAMESPACES / f"{self.name}-vpc"

    def enter_vpc(self) -> tuple[str, ...]:
        """Return the beginning of a command that runs in the VPC.

        Not `ip netns exec`, which would hide the cgroups.
        """
        return ("nsenter", f"--net={self.vpc}", "--")

    def enter(self, cluster: str) -> tuple[str, ...]:
        """Return the beginning of a command that runs in a cluster's network."""
        return ("nsenter", f"--net={_NAMESPACES / self._node(cluster)}", "--")

    def is_inside(self) -> bool:
        """Tell whether this very process runs in the VPC."""
        return self.vpc.exists() and self.vpc.samefile("/proc/self/ns/net")

    def create(self, clusters: Mapping[str, Addresses]) -> None:
        """Make everything anew: the VPC, and each cluster's namespace with its wire, addresses and routes."""
        self.remove()
        vpc = self.vpc.name
        _ip("netns", "add", vpc)
        _sysctl(self.enter_vpc(), (*_FORWARDING, *_OF_THE_VPC))
        addresses = (f"addr add {VPC[family]}/{VPC_PREFIX[family]} dev {_BRIDGE}" for family in VPC)
        _ip_batch(
            vpc,
            (
                "link set dev lo up",
                f"link add name {_BRIDGE} type bridge",
                f"link set dev {_BRIDGE} up",
                *map(_settled, addresses),
            ),
        )
        for cluster, its in clusters.items():
            self._create_node(cluster, its, [other for other in clusters.values() if other is not its])

    def remove(self) -> None:
        """Remove every namespace of this network; what still runs in one keeps its own until it ends."""
        with suppress(FileNotFoundError):
            for path in sorted(_NAMESPACES.iterdir()):
                if path.name.startswith(f"{self.name}-"):
                    _ip("netns", "del", path.name)

    def _node(self, cluster: str) -> str:
        return f"{self.name}-node-{cluster}"

    def _create_node(self, cluster: str, its: Addresses, others: Iterable[Addresses]) -> None:
        node, vpc, wire = self._node(cluster), self.vpc.name, f"node{its.number}"
        _ip("netns", "add", node)
        _sysctl(self.enter(cluster), (*_FORWARDING, *_OF_A_NODE))
        _ip_batch(
            vpc,
            (
                f"link add name {wire} type veth peer name eth0 netns {node}",
                f"link set dev {wire} master {_BRIDGE}",
                f"link set dev {wire} up",
                *_routes(its),
            ),
        )
        addresses = (f"addr add {its.machine[family]}/{VPC_PREFIX[family]} dev eth0" for family in its.machine)
        agent = (f"addr add {address} dev lo" for address in POD_IDENTITY.values())
        defaults = (f"route add default via {VPC[family]}" for family in (IPV4, IPV6))
        to_others = (route for other in others for route in _routes(other))
        _ip_batch(
            node,
            ("link set dev lo up", "link set dev eth0 up", *map(_settled, (*addresses, *agent)), *defaults, *to_others),
        )


def _routes(its: Addresses) -> tuple[str, ...]:
    return tuple(f"route add {cidr} via {its.gateway(cidr)}" for cidr in its.pods)


def _settled(addition: str) -> str:
    """Use an IPv6 address at once: nobody else can have it."""
    return f"{addition} nodad" if ":" in addition else addition


def _ip(*arguments: str) -> None:
    _run(("ip", *arguments), "")


def _ip_batch(namespace: str, lines: Iterable[str]) -> None:
    _run(("ip", "-n", namespace, "-batch", "-"), "\n".join(lines))


def _sysctl(enter: tuple[str, ...], settings: tuple[str, ...]) -> None:
    _run((*enter, "sysctl", "-qw", *settings), "")


def _run(command: tuple[str, ...], text: str) -> None:
    try:
        answer = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise SandboxError(f"real nodes need the program {error.filename}, which is not installed here") from error
    if answer.returncode:
        raise SandboxError(f"{' '.join(command)} failed: {answer.stderr.strip()}\n{text}".rstrip())
