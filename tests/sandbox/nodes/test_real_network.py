"""Real network namespaces: needs Linux and root."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.nodes.addresses import FAMILIES
from sandbox.nodes.clusters import addresses
from sandbox.nodes.entering import missing
from sandbox.nodes.network import Network
from tests.sandbox.nodes.machine import leftovers, networks, printed, settings

REASON = missing(os.environ, Path(tempfile.gettempdir()))  # noqa: TID251 - a door
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(REASON is not None, reason=str(REASON))]

ROOT = Path(__file__).resolve().parents[3]
CLUSTERS = addresses({"east": FAMILIES["dual"], "west": FAMILIES["dual"], "vpc": FAMILIES["ipv6"]})

SERVE = """
import socket, sys
with socket.create_server((sys.argv[1], 5000), family=socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET) as s:
    print("listening", flush=True)
    s.accept()[0].sendall(b"hello")
"""
CALL = "import socket, sys; print(socket.create_connection((sys.argv[1], 5000), timeout=20).recv(9).decode())"


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    found = Network(tmp_path)
    try:
        yield found
    finally:
        found.remove()


@pytest.mark.parametrize("address", ["10.201.0.5", "fd66:201::5"])
@pytest.mark.parametrize("caller", ["the VPC", "another cluster"])
def test_a_pods_address_is_reached_from(network: Network, caller: str, address: str) -> None:
    network.create(CLUSTERS)
    prefix = "128" if ":" in address else "32"
    printed(*network.enter("east"), "ip", "addr", "add", f"{address}/{prefix}", "dev", "lo", "nodad")
    serve = [*network.enter("east"), sys.executable, "-c", SERVE, address]

    with subprocess.Popen(serve, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == b"listening\n"
            enter = network.enter_vpc() if caller == "the VPC" else network.enter("west")
            assert printed(*enter, sys.executable, "-c", CALL, address) == "hello\n"
        finally:
            server.kill()


def test_a_process_knows_whether_it_is_inside(network: Network) -> None:
    network.create(CLUSTERS)
    ask = "import sys, pathlib, sandbox.nodes.network as n; print(n.Network(pathlib.Path(sys.argv[1])).is_inside())"
    command = ("env", f"PYTHONPATH={ROOT}", sys.executable, "-c", ask, str(network.folder))

    assert printed(*network.enter_vpc(), *command) == "True\n"
    assert printed(*network.enter("vpc"), *command) == "False\n"
    assert not network.is_inside()


def test_a_network_is_made_anew_and_removed_without_a_trace(network: Network) -> None:
    before = settings()
    network.create(CLUSTERS)
    first = networks(network)
    network.create(addresses({"east": FAMILIES["ipv4"]}))
    second = networks(network)

    assert sorted(first) == [f"{network.name}-{name}" for name in ("node-east", "node-vpc", "node-west", "vpc")]
    assert sorted(second) == [f"{network.name}-{name}" for name in ("node-east", "vpc")]
    assert settings() == before

    network.remove()

    assert leftovers(network.folder, first | second) == []
    assert settings() == before
