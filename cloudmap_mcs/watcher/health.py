"""Liveness and readiness over HTTP for the kubelet's probes, on /livez and /readyz; the body says what is wrong."""

import json
import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Check = Callable[[], Mapping[str, bool]]
"""Names what must hold and whether it does."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        socketserver.TCPServer.server_bind(self)  # without the look-up of our own name that HTTPServer adds


class HealthServer:
    """Serves on a thread of its own. No host: every address of the Pod, IPv4 or IPv6; port 0 chooses a free one."""

    def __init__(self, host: str, port: int, *, live: Check, ready: Check) -> None:
        checks = {"/livez": live, "/readyz": ready}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name http.server calls
                check = checks.get(self.path)
                found = dict(check()) if check else {}
                status = HTTPStatus.OK if found and all(found.values()) else HTTPStatus.SERVICE_UNAVAILABLE
                body = json.dumps(found).encode()
                self.send_response(status if check else HTTPStatus.NOT_FOUND)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Probes are not worth a line."""

        self._server = _Server((host or ("::" if socket.has_dualstack_ipv6() else "0.0.0.0"), port), Handler)  # noqa: S104  # the kubelet calls from its node
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
