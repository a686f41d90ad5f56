"""The user's API server, spoken to with the credentials of the user's kubeconfig."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

import urllib3

from sandbox.attached.contexts import load
from sandbox.attached.forwarding import request_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from kubernetes.client import Configuration

    from sandbox.attached.review import User

# A watch may be silent for long; who asked for it has a shorter timeout of its own.
_TIMEOUT: Final = urllib3.Timeout(connect=5.0, read=3600.0)
_CONNECTIONS: Final = 32


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as it came in."""

    method: str
    path: str
    headers: Sequence[tuple[str, str]]
    body: bytes


class Upstream(Protocol):
    """Where requests go on to; `Administrator` is one."""

    def send(self, request: Request, user: User | None) -> urllib3.BaseHTTPResponse:
        """Send it as `user`, None for the administrator itself; the answer's body is still to be read.

        urllib3's HTTPError if there is no answer.
        """


class Administrator:
    """Sends requests with the kubeconfig's credentials, which are loaded anew when they are no longer taken."""

    def __init__(self, load_anew: Callable[[], Configuration]) -> None:
        self._load = load_anew
        self._lock = threading.Lock()
        self._use(load_anew())

    @classmethod
    def of(cls, kubeconfig: str, context: str, scratch: Path) -> Administrator:
        return cls(lambda: load(kubeconfig, context, scratch=scratch))

    def send(self, request: Request, user: User | None) -> urllib3.BaseHTTPResponse:
        """See `Upstream.send`; a refusal of the credentials is passed on only if new ones are refused too."""
        answer = self._send(request, user)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            answer.drain_conn()
            with self._lock:
                self._use(self._load())
            answer = self._send(request, user)
        return answer

    def _use(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._pool = urllib3.PoolManager(
            ca_certs=configuration.ssl_ca_cert,
            cert_file=configuration.cert_file,
            key_file=configuration.key_file,
            retries=False,
            timeout=_TIMEOUT,
            maxsize=_CONNECTIONS,
        )

    def _send(self, request: Request, user: User | None) -> urllib3.BaseHTTPResponse:
        with self._lock:
            # Asking for the token renews it shortly before it expires.
            token = self._configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
            pool, server = self._pool, self._configuration.host
        return pool.urlopen(
            request.method,
            f"{server}{request.path}",
            body=request.body or None,
            headers=request_headers(request.headers, token, user),
            preload_content=False,
            decode_content=False,
            redirect=False,
        )
