"""Takes the sandbox's Cloud Map calls, signs them anew with the user's credentials, and sends them to AWS.

Functions and watchers have keys of the local AWS, which AWS does not know. The gateway's address holds a secret, for
everybody on this machine can reach the port.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE: Final = "servicediscovery"
_PASSED: Final = ("Content-Type", "X-Amz-Target", "User-Agent", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request")
_RETURNED: Final = ("Content-Type", "x-amzn-RequestId", "x-amzn-ErrorType", "Retry-After")
_TIMEOUT: Final = urllib3.Timeout(connect=5.0, read=30.0)
# The data plane has hosts of its own; the sandbox's clients do not add the prefix themselves.
_DATA_PLANE: Final = ("DiscoverInstances", "DiscoverInstancesRevision")


class Credentials(Protocol):
    """The user's; botocore's refresh themselves when asked for a frozen copy."""

    def get_frozen_credentials(self) -> Any: ...


def destination(url: str, target: str, *, data_plane: bool) -> str:
    """Return where a call goes: its operation decides between the control and the data plane's host."""
    address = urlsplit(url)
    if data_plane and target.rpartition(".")[2] in _DATA_PLANE:
        address = address._replace(netloc=f"data-{address.netloc}")
    return f"{address.scheme}://{address.netloc}/"


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs and sends calls to the Cloud Map at `url`, whose data plane may have a host of its own."""

    url: str
    region: str
    credentials: Credentials
    pool: urllib3.PoolManager
    data_plane: bool = True

    def send(self, headers: Mapping[str, str], body: bytes) -> urllib3.BaseHTTPResponse:
        """Send a call as the user; urllib3's HTTPError if there is no answer."""
        url = destination(self.url, headers.get("X-Amz-Target", ""), data_plane=self.data_plane)
        request = AWSRequest("POST", url, headers=dict(headers), data=body)
        SigV4Auth(self.credentials.get_frozen_credentials(), SERVICE, self.region).add_auth(request)
        return self.pool.urlopen("POST", url, body=body, headers=dict(request.headers), redirect=False)


def pool() -> urllib3.PoolManager:
    """Return the connections a Signer uses; retries are the callers' business."""
    return urllib3.PoolManager(retries=False, timeout=_TIMEOUT, maxsize=16)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not secrets.compare_digest(self.path.strip("/"), self.server.secret):
            self._answer(HTTPStatus.FORBIDDEN, {}, b"")
            return
        headers = {name: self.headers[name] for name in _PASSED if name in self.headers}
        try:
            answer = self.server.signer.send(headers, body)
        except urllib3.exceptions.HTTPError as error:
            # Of the kind that SDKs try again.
            self.log_message("no answer: %s", error)
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, {}, b"")
            return
        returned = {name: answer.headers[name] for name in _RETURNED if name in answer.headers}
        self._answer(answer.status, returned, answer.data)

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Gateway(ThreadingHTTPServer):
    """Listens on loopback; port 0 takes a free one."""

    daemon_threads = True

    def __init__(self, port: int, secret: str, signer: Signer) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.secret = secret
        self.signer = signer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/{self.secret}"
