"""The side of Lambda's runtime interface that Lambda plays: hands out one event, takes what became of it.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. It also takes what a function sends to CloudFormation.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = "/2018-06-01/runtime"
_SECONDS = 60
ANSWERS = "/answer"


@dataclass(frozen=True)
class Told:
    """What the function's process sent: to which path, and the document."""

    path: str
    document: Any


@dataclass
class RuntimeApi:
    """A loopback server for one event; `told` ends with what became of it."""

    event: dict[str, Any]
    told: Queue[Told] = field(default_factory=Queue)

    def __post_init__(self) -> None:
        self._handed_out = threading.Event()
        self._over = threading.Event()
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                api.hand_out(self)

            def do_POST(self) -> None:
                api.take(self)

            def do_PUT(self) -> None:
                api.take(self)

            def log_message(self, *_: object) -> None:
                """Say nothing: tests look at what was told."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def hand_out(self, request: BaseHTTPRequestHandler) -> None:
        """Answer the question for the next event: with the only one, then never."""
        if self._handed_out.is_set():
            self._over.wait()
            return
        self._handed_out.set()
        content = json.dumps(self.event).encode()
        request.send_response(200)
        headers = {
            "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            "Lambda-Runtime-Deadline-Ms": str(int((time.monotonic() + _SECONDS) * 1000) + _epoch_ms()),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:the-function",
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
            "Content-Type": "application/json",
            "Content-Length": str(len(content)),
        }
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)

    def take(self, request: BaseHTTPRequestHandler) -> None:
        """Take a document, sent whole or in chunks."""
        content = b"".join(_body(request))
        self.told.put(Told(request.path.removeprefix(_PREFIX), json.loads(content or b"null")))
        request.send_response(202 if request.command == "POST" else 200)
        request.send_header("Content-Length", "0")
        request.end_headers()

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()


def _epoch_ms() -> int:
    """Return what turns the monotonic clock into the time of day."""
    return int((time.time_ns() - time.monotonic_ns()) / 1_000_000)


def _body(request: BaseHTTPRequestHandler) -> Iterator[bytes]:
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        yield request.rfile.read(int(request.headers.get("Content-Length", "0")))
        return
    while size := int(request.rfile.readline(), 16):
        yield request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()
