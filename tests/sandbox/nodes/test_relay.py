"""The relay between two addresses of loopback."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.waiting import eventually

ROOT = Path(__file__).resolve().parents[3]
THERE, HERE = "127.0.0.1", "127.0.0.2"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8")


@pytest.fixture
def port() -> Iterator[int]:
    """A server that says back what it is told, once it was told everything."""
    with socket.create_server((THERE, 0)) as listener:
        threading.Thread(target=answer, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]


def answer(listener: socket.socket) -> None:
    while True:
        try:
            say_back(listener.accept()[0])
        except ConnectionError:
            continue
        except OSError:  # the test is over
            return


def say_back(connection: socket.socket) -> None:
    with connection:
        told = b"".join(iter(lambda: connection.recv(4096), b""))
        connection.sendall(b"you said " + told)


@pytest.fixture
def relay(port: int) -> Iterator[int]:
    command = (sys.executable, "-m", "sandbox.nodes.relay", HERE, THERE, str(port))
    with subprocess.Popen(command, cwd=ROOT, env={"PATH": os.defpath}) as process:
        eventually("the relay listens", lambda: accepts(port))
        yield port
        assert process.poll() is None
        process.terminate()


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HERE, port)) == 0


def test_both_directions_pass_and_the_end_of_one_leaves_the_other_open(relay: int) -> None:
    with socket.create_connection((HERE, relay), timeout=5) as connection:
        connection.sendall(b"x" * 200_000)
        connection.shutdown(socket.SHUT_WR)
        said = b"".join(iter(lambda: connection.recv(65536), b""))

    assert said == b"you said " + b"x" * 200_000


def test_a_client_that_breaks_off_does_no_harm_to_the_next(relay: int) -> None:
    with socket.create_connection((HERE, relay), timeout=5) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.sendall(b"half")

    with socket.create_connection((HERE, relay), timeout=5) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b"you said "
