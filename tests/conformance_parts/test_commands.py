"""Commands in pods, against a server that speaks as much of the exec protocol as it takes."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from kubernetes.client.api_client import ApiClient
from kubernetes.client.configuration import Configuration

from tests.conformance import clusters
from tests.conformance.clusters import Cluster

OUTPUT, STATUS = 1, 3
SUCCESS = {"status": "Success"}
EXIT_CODE_1 = {"status": "Failure", "details": {"causes": [{"reason": "ExitCode", "message": "1"}]}}
NO_NODE = {"status": "Failure", "details": {"causes": [{"message": "dial tcp: lookup east-node-0"}]}}
_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass
class Said:
    """What the server sends after the handshake, and what it was asked."""

    frames: list[tuple[int, bytes]]
    ends: bool = True
    asked: list[tuple[str, list[tuple[str, str]], str | None]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving(said: Said) -> Iterator[Cluster]:
    class Exec(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            said.asked.append((url.path, parse_qsl(url.query), self.headers["authorization"]))
            accept = base64.b64encode(
                hashlib.sha1((self.headers["Sec-WebSocket-Key"] + _MAGIC).encode()).digest()  # noqa: S324 - RFC 6455
            )
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.send_header("Sec-WebSocket-Accept", accept.decode())
            self.send_header("Sec-WebSocket-Protocol", "v4.channel.k8s.io")
            self.end_headers()
            for channel, content in said.frames:
                self.wfile.write(bytes([0x82, len(content) + 1, channel]) + content)
            if said.ends:
                self.wfile.write(bytes([0x88, 2]) + (1000).to_bytes(2, "big"))
            else:
                said.over.wait(10)
            self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Exec)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    configuration = Configuration(host=f"http://127.0.0.1:{server.server_address[1]}")
    configuration.api_key = {"BearerToken": "Bearer secret"}
    try:
        yield Cluster("a", "a", ApiClient(configuration))
    finally:
        said.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def status(told: dict[str, Any]) -> tuple[int, bytes]:
    return STATUS, json.dumps(told).encode()


def test_a_command_gives_all_that_it_prints_and_is_asked_for_with_a_terminal_and_no_input() -> None:
    said = Said([(OUTPUT, b"pod ip "), (OUTPUT, b"10.201.0.5\r\n"), status(SUCCESS)])

    with serving(said) as cluster:
        assert cluster.run("request", "shop", "echo hi | nc a 42") == "pod ip 10.201.0.5\r\n"

    path, query, authorization = said.asked[0]
    assert path == "/api/v1/namespaces/shop/pods/request/exec"
    assert query[:3] == [("command", "sh"), ("command", "-c"), ("command", "echo hi | nc a 42")]
    assert dict(query[3:]) == {"stdin": "false", "stdout": "true", "stderr": "true", "tty": "true"}
    assert authorization == "Bearer secret"


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(Said([(OUTPUT, b"half an answer"), status(EXIT_CODE_1)]), id="failed"),
        pytest.param(Said([status(NO_NODE)]), id="not-run-at-all"),
        pytest.param(Said([(OUTPUT, b"half an answer")]), id="cut-off"),
    ],
)
def test_a_command_that_does_not_succeed_gives_nothing(said: Said) -> None:
    with serving(said) as cluster:
        assert cluster.run("request", "shop", "nc a 42") == ""


def test_a_command_that_does_not_end_in_time_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "COMMAND_SECONDS", 0.2)

    with serving(Said([(OUTPUT, b"half an answer")], ends=False)) as cluster:
        assert cluster.run("request", "shop", "sleep 60") == ""


def test_a_command_gives_nothing_where_no_server_is() -> None:
    with serving(Said([])) as cluster:
        pass

    assert cluster.run("request", "shop", "true") == ""
