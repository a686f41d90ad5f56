"""Which Cloud Map a sandbox uses: its own simulator, another one, or AWS's behind the gateway."""

from __future__ import annotations

import secrets
import socket
import sys
from dataclasses import dataclass
from random import SystemRandom
from typing import TYPE_CHECKING, Final

from infra.names import namespace
from sandbox.controlplane.spec import LOOPBACK
from sandbox.gateway.endpoint import Endpoint, parse
from sandbox.gateway.tidying import remove_namespace, require_free
from sandbox.process import Child, Command, free_ports
from sandbox.sandbox import ACCOUNT, CLUSTERSET, REGION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sandbox.process import Processes

_READY_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class CloudMapPlace:
    """Where the processes of a Cloud Map run: their code, their folder, what they may see of the environment.

    The simulator listens at the address `host`; a gateway, whose secret is in its URL, on loopback only.
    """

    root: Path
    folder: Path
    environ: Mapping[str, str]
    processes: Processes
    host: str = LOOPBACK

    def simulator(self, operation_delay: str) -> str:
        """Start the simulator; returns its URL."""
        port = free_ports(1, SystemRandom())[0]
        arguments = (
            "--host",
            self.host,
            "--port",
            str(port),
            "--operation-delay",
            operation_delay,
            "--default-account",
            ACCOUNT,
        )
        command = Command(
            "cloud-map",
            (sys.executable, "-m", "sandbox.cloudmap", *arguments),
            self.root,
            self.folder / "cloud-map.log",
            {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(self.root)},
        )
        _until_it_listens(self.processes.start(command), self.host, port)
        return f"http://{self.host}:{port}"

    def elsewhere(self, endpoint: Endpoint) -> str:
        """Return the URL that functions and watchers use for another Cloud Map.

        SandboxError if the clusterset's namespace is there already, or Cloud Map does not answer.
        """
        require_free(endpoint.client(ACCOUNT, REGION), endpoint.url, namespace(CLUSTERSET))
        return endpoint.url if endpoint.region is None else self._gateway(endpoint)

    def _gateway(self, endpoint: Endpoint) -> str:
        port, secret = free_ports(1, SystemRandom())[0], secrets.token_urlsafe(24)
        command = Command(
            "cloud-map-gateway",
            (sys.executable, "-m", "sandbox.gateway", str(port), endpoint.url),
            self.root,
            self.folder / "cloud-map-gateway.log",
            # The user's credentials may come from any of AWS's variables, files and programs.
            {**self.environ, "PYTHONPATH": str(self.root), "MCS_GATEWAY_SECRET": secret},
        )
        _until_it_listens(self.processes.start(command), LOOPBACK, port)
        return f"http://{LOOPBACK}:{port}/{secret}"


def empty(url: str) -> int | None:
    """Remove what a sandbox made in another Cloud Map; returns the number of services, None if nothing was there."""
    endpoint = parse(url)
    return remove_namespace(endpoint.client(ACCOUNT, REGION), endpoint.url, namespace(CLUSTERSET))


def listens(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether something accepts connections on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0


def _until_it_listens(child: Child, host: str, port: int) -> None:
    child.wait_until(lambda: listens(port, host), timeout=_READY_SECONDS)
