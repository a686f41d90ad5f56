"""What the client makes of answers that a healthy API server does not give; the healthy one is in tests/e2e/kube."""

import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import pytest

from cloudmap_mcs import VERSION
from cloudmap_mcs.errors import RetryableError, UnreachableError
from cloudmap_mcs.kube.access import ApiServer, FixedServer, FixedToken
from cloudmap_mcs.kube.client import Call, Identity, KubeClient, Timeouts
from cloudmap_mcs.kube.failures import GoneError
from cloudmap_mcs.kube.reflector import Chance, Interest, Pace, Reflector

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
GONE = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old resource version"}}
EMPTY = {"metadata": {"resourceVersion": "5"}, "items": []}


@dataclass
class Answer:
    """`body` None closes the connection without an answer; `length` claims another length than there is."""

    status: int = 200
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None


class Scripted:
    """A server on loopback that answers lists and watches by rule, and remembers what it was asked."""

    def __init__(self) -> None:
        self.listing, self.watching = Answer(body=EMPTY), Answer(body="")
        self.before: list[Answer] = []
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.queries: list[dict[str, list[str]]] = []
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever)
        self.client = KubeClient(
            FixedServer(ApiServer(f"http://127.0.0.1:{self._http.server_address[1]}", PEM)),
            Identity("test", FixedToken("t0ken")),
            timeouts=Timeouts(1, 5),
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        scripted = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                is_watch = "watch=true" in self.path
                scripted.asked.append("watch" if is_watch else "list")
                scripted.headers.append(dict(self.headers))
                scripted.queries.append(parse_qs(urlsplit(self.path).query))
                usual = scripted.watching if is_watch else scripted.listing
                _send(self, scripted.before.pop(0) if scripted.before else usual)

            do_POST = do_GET  # noqa: N815 - the name http.server asks for

            def log_message(self, *_: object) -> None:
                """Keep the test's output clean."""

        return Handler


def _send(handler: http.server.BaseHTTPRequestHandler, answer: Answer) -> None:
    if answer.body is None:
        handler.close_connection = True
        return
    data = (answer.body if isinstance(answer.body, str) else json.dumps(answer.body)).encode()
    handler.send_response(answer.status)
    for name, value in answer.headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(answer.length or len(data)))
    handler.end_headers()
    handler.wfile.write(data)
    handler.close_connection = answer.length is not None


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    with Scripted() as server:
        yield server


def test_every_call_says_who_it_is(scripted: Scripted) -> None:
    scripted.client.get("/x")
    scripted.client.request(Call("POST", "/x", body={"a": 1}))

    for headers in scripted.headers:
        assert headers["User-Agent"] == f"cloudmap-mcs/{VERSION} test"
        assert headers["authorization"] == "Bearer t0ken"
        assert headers["Accept"] == headers["Content-Type"] == "application/json"


def test_a_throttled_call_is_not_repeated_here_and_says_when_to_come_back(scripted: Scripted) -> None:
    scripted.listing = Answer(429, {"message": "slow down"}, {"Retry-After": "7"})

    with pytest.raises(RetryableError, match="slow down") as refused:
        scripted.client.get("/x")

    assert refused.value.retry_after == 7
    assert scripted.asked == ["list"]


@pytest.mark.parametrize(
    "broken",
    [pytest.param(Answer(body=None), id="no-answer"), pytest.param(Answer(body="{", length=9), id="half-of-it")],
)
def test_a_get_whose_connection_breaks_is_repeated_once(scripted: Scripted, broken: Answer) -> None:
    scripted.before = [broken]

    assert scripted.client.get("/x") == EMPTY
    assert scripted.asked == ["list", "list"]
    scripted.before = [broken]
    with pytest.raises(UnreachableError, match="POST /x"):
        scripted.client.request(Call("POST", "/x", body={}))
    assert len(scripted.asked) == 3


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(body="<html>log in first</html>"), id="a-proxys-page"),
        pytest.param(Answer(body=None), id="no-answer"),
        pytest.param(Answer(body='{"items', length=1000), id="half-an-answer"),
    ],
)
def test_an_answer_that_is_none_is_nobody_there(scripted: Scripted, answer: Answer) -> None:
    scripted.listing = answer

    with pytest.raises(UnreachableError, match="GET /x") as failed:
        scripted.client.get("/x")
    with pytest.raises(UnreachableError, match="POST /x"):
        scripted.client.request(Call("POST", "/x", body={}))

    assert "t0ken" not in str(failed.value)
    assert len(scripted.asked) <= 3


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(json.dumps(GONE) + "\n", GoneError, id="gone"),
        pytest.param('{"type": "ERROR", "object": {"message": "x"}}\n', RetryableError, id="unknown-error"),
        pytest.param('{"type": "ADDED", "obj\n', UnreachableError, id="half-a-line"),
    ],
)
def test_a_watch_that_tells_of_a_failure_raises_it(scripted: Scripted, body: str, kind: type) -> None:
    scripted.watching = Answer(body=body)

    with pytest.raises(kind) as failed:
        list(scripted.client.watch("/x", query=(), silence=5))

    assert type(failed.value) is kind


def test_events_are_put_together_from_whatever_pieces_arrive(scripted: Scripted) -> None:
    events = [{"type": "ADDED", "object": {"metadata": {"name": "ü" * size}}} for size in (1, 100_000, 3)]
    lines = "\n\n".join(json.dumps(event, ensure_ascii=False) for event in events) + "\n"
    scripted.watching = Answer(body=lines)

    assert list(scripted.client.watch("/x", query=(), silence=5)) == events


class Patience:
    """Waits for nothing, remembers for how long it was asked to, and stops the reflector at the last of its waits."""

    def __init__(self, waits: int) -> None:
        self.left = waits
        self.asked: list[float] = []

    def __call__(self, stopping: threading.Event, seconds: float) -> None:
        self.asked.append(seconds)
        if len(self.asked) == self.left:
            stopping.set()


def a_reflector(scripted: Scripted, patience: Patience, *, selector: str = "") -> Reflector[str, str]:
    interest: Interest[str, str] = Interest("/x", str, lambda value: value, selector)
    chance = Chance(random=lambda: 0.5, monotonic=lambda: 0.0, wait=patience)
    return Reflector(scripted.client, interest, changed=lambda _: None, chance=chance, pace=Pace())


def test_a_reflector_asks_for_pages_bookmarks_and_an_end(scripted: Scripted) -> None:
    a_reflector(scripted, Patience(1), selector="!a").run()

    listed, watched = scripted.queries
    assert listed == {"labelSelector": ["!a"], "limit": ["500"]}
    assert watched == {
        "labelSelector": ["!a"],
        "resourceVersion": ["5"],
        "allowWatchBookmarks": ["true"],
        "timeoutSeconds": ["315"],
        "watch": ["true"],
    }


STORMS: list[Any] = [
    pytest.param(Answer(body=EMPTY), Answer(body=json.dumps(GONE) + "\n"), 8, id="gone-again-and-again"),
    pytest.param(Answer(body=EMPTY), Answer(410, {"message": "too old"}), 8, id="gone-as-a-status"),
    pytest.param(Answer(body=EMPTY), Answer(body=""), 5, id="watches-that-end-at-once"),
    pytest.param(Answer(500, {}), Answer(), 4, id="lists-that-fail"),
    pytest.param(Answer(body=None), Answer(), 8, id="nobody-there"),
]


@pytest.mark.parametrize(("listing", "watching", "calls"), STORMS)
def test_a_server_that_keeps_failing_is_not_stormed(
    scripted: Scripted, listing: Answer, watching: Answer, calls: int
) -> None:
    scripted.listing, scripted.watching = listing, watching
    patience = Patience(4)

    a_reflector(scripted, patience).run()

    assert patience.asked == [0.1, 0.5, 1, 2]
    assert len(scripted.asked) == calls
