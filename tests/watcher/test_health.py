import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from cloudmap_mcs.watcher.health import HealthServer

LIVE = {"workers": True}
READY = {"synced": False}


def ask(server: HealthServer, path: str, host: str = "127.0.0.1") -> tuple[int, object]:
    try:
        with urllib.request.urlopen(f"http://{host}:{server.port}{path}", timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.fixture
def server() -> Iterator[HealthServer]:
    running = HealthServer("127.0.0.1", 0, live=lambda: LIVE, ready=lambda: READY)
    running.start()
    yield running
    running.stop()


def test_what_holds_is_200(server: HealthServer) -> None:
    assert ask(server, "/livez") == (200, LIVE)


def test_what_does_not_hold_is_503_and_named(server: HealthServer) -> None:
    assert ask(server, "/readyz") == (503, READY)


def test_there_is_nothing_else(server: HealthServer) -> None:
    assert ask(server, "/metrics")[0] == 404


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_a_server_on_an_ipv6_address_answers() -> None:
    running = HealthServer("::1", 0, live=lambda: LIVE, ready=lambda: READY)
    running.start()
    try:
        assert ask(running, "/livez", "[::1]") == (200, LIVE)
    finally:
        running.stop()
