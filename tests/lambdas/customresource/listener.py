"""A real HTTP server that takes answers, as CloudFormation's S3 does."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Listener:
    """Answers with `statuses` one by one, then with 200; 0 breaks the connection."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    types: list[str | None] = field(default_factory=list)

    @property
    def answers(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:  # the name that http.server calls
            listener.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            listener.types.append(self.headers["Content-Type"])
            status = listener.statuses.pop(0) if listener.statuses else 200
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Location", listener.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.url = f"http://127.0.0.1:{server.server_port}/answer?X-Amz-Signature=c2VjcmV0"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
