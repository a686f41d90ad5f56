"""The proxy over real TLS, with a small API server behind it."""

import http.client
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from kubernetes.client import Configuration

from sandbox.attached.administrator import Administrator
from sandbox.attached.review import Reviews, TokenRefusedError, User
from sandbox.attached.server import ADMINISTRATOR, Proxy
from sandbox.controlplane.certificates import write_pairs

NOW = datetime(2026, 3, 1, tzinfo=UTC)
USER = User("importer", ("cloudmap-mcs:importer", "second"))
GOOD = "k8s-aws-v1.good"
PATH = "/api/v1/services?limit=5"


class ApiServer(ThreadingHTTPServer):
    """Takes the token `boss-2`, notes each request; /watch sends one event and waits, /cut breaks off."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[tuple[str, str, dict[str, list[str]], bytes]] = []
        self.more = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ApiServer

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        names = {name.lower() for name in self.headers}
        headers = {name: self.headers.get_all(name) or [] for name in names}
        self.server.requests.append((self.command, self.path, headers, body))
        if headers.get("authorization") != ["Bearer boss-2"]:
            self._send(401, b"{}")
        elif self.path in {"/watch", "/cut"}:
            self._stream()
        else:
            self._send(201, b'{"kind":"Done"}')

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _answer  # noqa: N815 - names of http.server

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Audit-Id", "one")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"6\r\nfirst\n\r\n")
        if self.path == "/cut":
            self.close_connection = True
            return
        self.server.more.wait(10)
        self.wfile.write(b"7\r\nsecond\n\r\n0\r\n\r\n")


def review(token: str) -> User:
    if token != GOOD:
        raise TokenRefusedError("unknown")
    return USER


@dataclass
class Lab:
    api: ApiServer
    proxy: Proxy
    pki: Path
    loaded: list[str]
    open: list[http.client.HTTPSConnection] = field(default_factory=list)

    def connection(self, *, administrator: bool = False, pki: Path | None = None) -> http.client.HTTPSConnection:
        trust = ssl.create_default_context(cafile=str(self.pki / "ca.crt"))
        if administrator:
            folder = pki or self.pki
            trust.load_cert_chain(folder / "admin.crt", folder / "admin.key")
        self.open.append(http.client.HTTPSConnection("127.0.0.1", self.proxy.server_port, context=trust, timeout=10))
        return self.open[-1]

    def ask(self, method: str = "GET", token: str = GOOD, **headers: str) -> http.client.HTTPResponse:
        connection = self.connection()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, PATH, body=b"{}", headers={"Authorization": f"Bearer {token}", **named})
        return connection.getresponse()


def _ask(connection: http.client.HTTPSConnection) -> int:
    connection.request("GET", PATH)
    return connection.getresponse().status


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """An administrator whose first token is not taken any more."""
    api, loaded = ApiServer(), list[str]()
    write_pairs(tmp_path, NOW, addresses=("127.0.0.1",), clients={"admin": ADMINISTRATOR, "other": ("other", "")})

    def load() -> Configuration:
        loaded.append(f"Bearer boss-{len(loaded) + 1}")
        return Configuration(host=f"http://127.0.0.1:{api.server_port}", api_key={"BearerToken": loaded[-1]})

    proxy = Proxy(0, tmp_path, Reviews(review, lambda: 0.0), Administrator(load))
    for server in (api, proxy):
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    lab = Lab(api, proxy, tmp_path, loaded)
    yield lab
    for connection in lab.open:
        connection.close()
    for server in (proxy, api):
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_an_eks_token_becomes_an_impersonated_user(lab: Lab, method: str) -> None:
    answer = lab.ask(method, Impersonate_User="admin", Impersonate_Group="system:masters", Accept="application/json")

    assert (answer.status, answer.read(), answer.headers["Audit-Id"]) == (201, b'{"kind":"Done"}', "one")
    seen, path, headers, body = lab.api.requests[-1]
    assert (seen, path, body) == (method, PATH, b"{}")
    assert headers["impersonate-user"] == ["importer"]
    assert headers["impersonate-group"] == ["cloudmap-mcs:importer", "second"]
    assert headers["authorization"] == ["Bearer boss-2"]
    assert headers["accept"] == ["application/json"]


def test_a_head_request_has_no_body_and_leaves_the_connection_usable(lab: Lab) -> None:
    connection = lab.connection()
    for method in ("HEAD", "GET"):
        connection.request(method, PATH, headers={"Authorization": f"Bearer {GOOD}"})
        assert connection.getresponse().read() == (b"" if method == "HEAD" else b'{"kind":"Done"}')


def test_a_bad_token_is_refused_as_by_an_api_server_and_nothing_goes_on(lab: Lab) -> None:
    answer = lab.ask(token="k8s-aws-v1.bad")

    status = json.loads(answer.read())
    assert (answer.status, status["kind"], status["reason"], status["code"]) == (401, "Status", "Unauthorized", 401)
    assert not lab.api.requests


def test_without_a_token_nobody_gets_in_and_the_connection_stays_usable(lab: Lab) -> None:
    connection = lab.connection()
    for headers, expected in (({}, 401), ({"Authorization": f"Bearer {GOOD}"}, 201)):
        connection.request("POST", PATH, body=b"{}", headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == expected


def test_our_administrator_gets_in_by_certificate_as_the_kubeconfigs_user(lab: Lab) -> None:
    connection = lab.connection(administrator=True)
    connection.request("GET", PATH, headers={"Impersonate-User": "somebody"})

    assert connection.getresponse().status == 201
    assert not {name for name in lab.api.requests[-1][2] if name.startswith("impersonate")}


def test_a_certificate_of_another_ca_does_not_get_in(lab: Lab, tmp_path: Path) -> None:
    write_pairs(tmp_path / "foreign", NOW, addresses=("127.0.0.1",), clients={"admin": ADMINISTRATOR})
    connection = lab.connection(administrator=True, pki=tmp_path / "foreign")

    with pytest.raises((ssl.SSLError, ConnectionError)):
        _ask(connection)
    assert not lab.api.requests


def test_another_certificate_of_its_own_ca_is_no_administrator(lab: Lab, tmp_path: Path) -> None:
    for end in ("crt", "key"):
        (tmp_path / f"admin.{end}").write_bytes((tmp_path / f"other.{end}").read_bytes())
    connection = lab.connection(administrator=True)
    connection.request("GET", PATH)

    assert connection.getresponse().status == 401


def test_credentials_are_loaded_anew_when_they_are_no_longer_taken(lab: Lab) -> None:
    assert lab.ask().status == 201
    assert lab.ask().status == 201
    assert lab.loaded == ["Bearer boss-1", "Bearer boss-2"]


def test_watch_events_arrive_before_the_watch_ends(lab: Lab) -> None:
    connection = lab.connection()
    connection.request("GET", "/watch", headers={"Authorization": f"Bearer {GOOD}"})
    answer = connection.getresponse()

    assert answer.readline() == b"first\n"
    lab.api.more.set()
    assert answer.read() == b"second\n"


def test_an_answer_that_breaks_off_is_not_passed_on_as_complete(lab: Lab) -> None:
    connection = lab.connection()
    connection.request("GET", "/cut", headers={"Authorization": f"Bearer {GOOD}"})

    with pytest.raises(http.client.IncompleteRead):
        connection.getresponse().read()


def test_an_api_server_that_is_away_is_a_503(lab: Lab) -> None:
    lab.api.shutdown()
    lab.api.server_close()
    answer = lab.ask()

    assert (answer.status, json.loads(answer.read())["reason"]) == (503, "ServiceUnavailable")


def test_a_silent_caller_does_not_hold_up_the_others(lab: Lab) -> None:
    silent = http.client.HTTPConnection("127.0.0.1", lab.proxy.server_port, timeout=10)
    silent.connect()

    assert lab.ask().status == 201
    silent.close()


def test_a_body_of_unknown_length_is_refused(lab: Lab) -> None:
    connection = lab.connection()
    connection.putrequest("POST", PATH)
    connection.putheader("Authorization", f"Bearer {GOOD}")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()  # and no body: the proxy hangs up on who would send it

    assert connection.getresponse().status == 400
    assert not lab.api.requests
