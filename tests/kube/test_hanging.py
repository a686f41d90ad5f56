"""An API server that accepts connections and then hangs, and reads that do not wait for one another."""

import http.server
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Self

import pytest

from cloudmap_mcs.domain.imports import NamespaceState
from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.errors import UnreachableError
from cloudmap_mcs.kube.access import ApiServer, FixedServer, FixedToken
from cloudmap_mcs.kube.client import Call, Identity, KubeClient, Timeouts
from cloudmap_mcs.kube.cluster import KubeCluster

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KEYS = 8
READS = 5
PATIENCE = 60


def a_client(port: int, timeouts: Timeouts) -> KubeClient:
    server = ApiServer(f"http://127.0.0.1:{port}", PEM)
    return KubeClient(FixedServer(server), Identity("test", FixedToken("t0ken")), timeouts=timeouts)


class Hanging:
    """Takes every connection, says what it is told to, and then nothing more."""

    def __init__(self, beginning: bytes) -> None:
        self._beginning = beginning
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.taken: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for end in (*self.taken, self._listener):
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                end, _ = self._listener.accept()
                self.taken.append(end)
                end.sendall(self._beginning)


@pytest.mark.parametrize(
    "beginning",
    [
        pytest.param(b"", id="no-answer"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", id="half-an-answer"),
    ],
)
@pytest.mark.parametrize("verb", ["GET", "PUT"])
def test_a_server_that_hangs_is_asked_once_and_is_unreachable(beginning: bytes, verb: str) -> None:
    with Hanging(beginning) as server:
        client = a_client(server.port, Timeouts(connect=PATIENCE, read=0.2))

        with pytest.raises(UnreachableError, match=f"{verb} /x: ReadTimeoutError"):
            client.request(Call(verb, "/x"))

        assert len(server.taken) == 1


class Together(http.server.BaseHTTPRequestHandler):
    """Answers no request before all requests of all keys are there."""

    protocol_version = "HTTP/1.1"
    everybody: threading.Barrier

    def do_GET(self) -> None:
        self.everybody.wait(PATIENCE)
        namespace = {"metadata": {"name": "n", "resourceVersion": "1"}, "items": []}
        is_found = self.path.startswith("/api/v1/namespaces/n") and "services" not in self.path
        is_found = is_found or "endpointslices" in self.path
        data = json.dumps(namespace if is_found else {"message": "no", "details": {"name": "x"}}).encode()
        self.send_response(200 if is_found else 404)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


class Crowded(http.server.ThreadingHTTPServer):
    request_queue_size = 2 * KEYS * READS
    daemon_threads = True


@pytest.fixture
def port() -> Iterator[int]:
    class Handler(Together):
        everybody = threading.Barrier(KEYS * READS)

    with Crowded(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_eight_keys_are_read_at_once_without_waiting_for_one_another(port: int) -> None:
    cluster = KubeCluster(a_client(port, Timeouts(connect=PATIENCE, read=PATIENCE)))
    keys = [ServiceKey("n", f"web-{number}") for number in range(KEYS)]

    with ThreadPoolExecutor(KEYS) as pool:
        observed = list(pool.map(cluster.observe, keys))
    cluster.close()

    assert {item.namespace for item in observed} == {NamespaceState.PRESENT}
