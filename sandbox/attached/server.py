"""A TLS server on loopback that looks like an EKS cluster's endpoint, with the user's API server behind it.

Callers are told apart as an API server tells them: our administrator by a client certificate of the proxy's own CA,
everybody else by an EKS token.
"""

from __future__ import annotations

import ssl
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

import urllib3

from sandbox.attached.administrator import Request
from sandbox.attached.forwarding import answer_headers, bearer_token, status_body
from sandbox.attached.review import TokenRefusedError

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.attached.administrator import Upstream
    from sandbox.attached.review import Reviews, User

ADMINISTRATOR: Final = ("admin", "system:masters")
"""User and group in the client certificate that is let through as the kubeconfig's own user."""
_IDLE_SECONDS: Final = 900.0
_PART: Final = 65_536
_BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two writes; together with delayed acknowledgements Nagle would add 40 ms.
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS
    server: Proxy
    connection: ssl.SSLSocket

    def _answer(self) -> None:
        if "Transfer-Encoding" in self.headers or not self.path.startswith("/"):
            self.close_connection = True
            self._refuse(HTTPStatus.BAD_REQUEST, "BadRequest", "only requests with a path and a length are taken")
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            user = self._caller()
        except TokenRefusedError as error:
            self.log_message("refused: %s", error)
            self._refuse(HTTPStatus.UNAUTHORIZED, "Unauthorized", "Unauthorized")
            return
        self.log_message("%s %s as %s", self.command, self.path, user.name if user else "the administrator")
        self._forward(Request(self.command, self.path, self.headers.items(), body), user)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _answer  # noqa: N815 - names of http.server

    def _caller(self) -> User | None:
        """Return whom the request is from, None for our administrator; TokenRefusedError."""
        certificate = self.connection.getpeercert()
        if certificate and _subject(certificate) == ADMINISTRATOR:
            return None
        token = bearer_token(self.headers.get("Authorization"))
        if token is None:
            raise TokenRefusedError("there is no bearer token")
        return self.server.reviews.user(token)

    def _forward(self, request: Request, user: User | None) -> None:
        try:
            answer = self.server.upstream.send(request, user)
        except urllib3.exceptions.HTTPError as error:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "ServiceUnavailable", f"the API server is away: {error}")
            return
        try:
            self._pass_on(answer)
        except (OSError, urllib3.exceptions.HTTPError) as error:
            # An end without the last chunk tells the caller that something is missing.
            self.log_message("cut off: %s", error)
            self.close_connection = True
        finally:
            answer.close()

    def _pass_on(self, answer: urllib3.BaseHTTPResponse) -> None:
        self.send_response_only(answer.status)
        for name, value in answer_headers(answer.headers.items()):
            self.send_header(name, value)
        if self.command == "HEAD" or answer.status in _BODILESS:
            self.end_headers()
            return
        length = answer.headers.get("Content-Length")
        self.send_header(*(("Content-Length", length) if length else ("Transfer-Encoding", "chunked")))
        self.end_headers()
        for part in answer.stream(_PART, decode_content=False):
            self.wfile.write(part if length else b"%x\r\n%s\r\n" % (len(part), part))
        if not length:
            self.wfile.write(b"0\r\n\r\n")
        answer.release_conn()

    def _refuse(self, status: HTTPStatus, reason: str, message: str) -> None:
        body = status_body(status, reason, message)
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Proxy(ThreadingHTTPServer):
    """Listens on loopback with the pair `server` of a folder whose `ca` it trusts; port 0 takes a free one."""

    daemon_threads = True

    def __init__(self, port: int, pki: Path, reviews: Reviews, upstream: Upstream) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.reviews = reviews
        self.upstream = upstream
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pki / "server.crt", pki / "server.key")
        context.load_verify_locations(pki / "ca.crt")
        context.verify_mode = ssl.CERT_OPTIONAL
        # Handshakes belong into the connection's thread: a silent caller must not hold up the others.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Note in one line that a connection broke; anything else is a mistake of ours, with its traceback."""
        error = sys.exception()
        if isinstance(error, OSError):
            print(f"connection from {client_address[1]}: {error}", file=sys.stderr, flush=True)
            return
        super().handle_error(request, client_address)


def _subject(certificate: dict[str, Any]) -> tuple[str, str]:
    parts = {name: value for group in certificate["subject"] for name, value in group}
    return parts.get("commonName", ""), parts.get("organizationName", "")
