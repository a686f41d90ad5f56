"""The only module that knows the package `kubernetes`: its generic client, with dict bodies and raw JSON answers.

Every call has a connect and a read timeout, nothing below it retries, and every failure leaves as one of
`cloudmap_mcs.errors` (docs/adr/0004).
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from kubernetes.client.api_client import ApiClient
from kubernetes.client.configuration import Configuration
from kubernetes.client.exceptions import ApiException
from urllib3 import HTTPResponse
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

from cloudmap_mcs import VERSION
from cloudmap_mcs.errors import McsError, UnreachableError
from cloudmap_mcs.kube.access import ApiServer, ClientCertificate, ServerSource, TokenSource
from cloudmap_mcs.kube.failures import GoneError, TokenRefusedError, refusal, translate
from cloudmap_mcs.kube.streams import EventStream

Raw = dict[str, Any]
Query = tuple[tuple[str, str], ...]
R = TypeVar("R")

JSON: Final = "application/json"
APPLY: Final = "application/apply-patch+yaml"
METADATA_ONLY: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

PAGE_SIZE: Final = 500
LIST_ATTEMPTS: Final = 3
IDLE_SECONDS: Final = 60
"""Connections unused for longer are not trusted: a frozen function does not notice that its peer has gone."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to connect (to shake hands in TLS, too), and to wait for the next byte of an ordinary answer.

    A call to a server that accepts connections and then hangs costs one of them, once: it is not repeated.
    """

    connect: float = 3.0
    read: float = 10.0


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `media` is what the body is, `accept` what the answer should be."""

    verb: str
    path: str
    query: Query = ()
    body: Raw | None = None
    media: str = JSON
    accept: str = JSON

    @property
    def action(self) -> str:
        return f"{self.verb} {self.path}"


class _NotSentError(Exception):
    """The connection could not be made, so the server has seen nothing of the request."""


class _BrokenError(Exception):
    """The connection broke after the request may have been sent; a kept-alive one does when its peer has gone."""


class _SilentError(Exception):
    """The server took the connection and then said nothing for too long."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls: the component for the user agent, and a token or a certificate to prove it."""

    component: str
    tokens: TokenSource | None = None
    certificate: ClientCertificate | None = None


class KubeClient:
    """One API server for one process; safe to share between threads.

    `connections` are kept open at most; more are opened when needed and closed after use.
    """

    def __init__(
        self,
        servers: ServerSource,
        identity: Identity,
        *,
        timeouts: Timeouts = Timeouts(),
        connections: int = 16,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._servers = servers
        self._identity = identity
        self._timeouts = timeouts
        self._connections = connections
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._api: tuple[ApiServer, ApiClient] | None = None
        self._used = monotonic()

    def request(self, call: Call) -> Raw:
        """Perform a call and parse its answer.

        A GET whose connection breaks is tried once more; anything else is the caller's to observe again. A server that
        does not answer in time is an UnreachableError at once.
        """
        return self._authorized(call, partial(self._read, call))

    def get(self, path: str) -> Raw:
        return self.request(Call("GET", path))

    def pages(self, path: str, *, query: Query = (), accept: str = JSON) -> Iterator[Raw]:
        """Give a list in pages of at most 500. Raises GoneError when the list got too old to be continued."""
        token = ""
        while True:
            limits: Query = (("limit", str(PAGE_SIZE)), *((("continue", token),) if token else ()))
            page = self.request(Call("GET", path, query=(*query, *limits), accept=accept))
            yield page
            token = page["metadata"].get("continue") or ""
            if not token:
                return

    def items(self, path: str, *, query: Query = (), accept: str = JSON) -> list[Raw]:
        """List in whole, all of it or an error; begins again when the list got too old to be continued."""
        for attempt in range(1, LIST_ATTEMPTS + 1):
            try:
                return [item for page in self.pages(path, query=query, accept=accept) for item in page["items"] or ()]
            except GoneError:
                if attempt == LIST_ATTEMPTS:
                    raise
        raise AssertionError

    def watch(self, path: str, *, query: Query, silence: float) -> EventStream:
        """Open a watch; `silence` is how many seconds without a byte mean that the connection is dead."""
        call = Call("GET", path, query=(*query, ("watch", "true")))
        return self._authorized(call, lambda: EventStream(self._open(call), call.action, silence=silence))

    def close(self) -> None:
        """Close every idle connection."""
        with self._lock:
            api, self._api = self._api, None
        if api is not None:
            _drop_idle(api[1])

    def _authorized(self, call: Call, attempt: Callable[[], R]) -> R:
        try:
            return self._connected(call, attempt)
        except TokenRefusedError:
            tokens = self._identity.tokens
            if tokens is None or (refused := tokens.current()) == tokens.renew(refused):
                raise
            return self._connected(call, attempt)

    def _connected(self, call: Call, attempt: Callable[[], R]) -> R:
        try:
            return attempt()
        except _NotSentError as error:
            if not self._has_moved():
                raise UnreachableError(f"{call.action}: {error}") from error
        except _SilentError as error:
            # The other idle connections may be as dead as this one: the next call makes a new one.
            self.close()
            raise UnreachableError(f"{call.action}: {error}") from error
        except _BrokenError as error:
            self.close()
            if call.verb != "GET":
                raise UnreachableError(f"{call.action}: {error}") from error
        try:
            return attempt()
        except (_NotSentError, _BrokenError, _SilentError) as error:
            raise UnreachableError(f"{call.action}: {error}") from error

    def _has_moved(self) -> bool:
        api = self._api
        if api is None or self._servers.renew(api[0]) == api[0]:
            return False
        self.close()
        return True

    def _read(self, call: Call) -> Raw:
        response = self._open(call)
        try:
            answer: Raw = json.loads(response.data)
        except ReadTimeoutError as error:
            raise _SilentError(_told(error)) from error
        except HTTPError as error:
            raise _BrokenError(_told(error)) from error
        except ValueError as error:
            raise UnreachableError(f"{call.action}: the answer is no JSON, so it is no API server's") from error
        return answer

    def _open(self, call: Call) -> HTTPResponse:
        api = self._client()
        request = api.param_serialize(
            call.verb,
            call.path,
            query_params=list(call.query),
            header_params={"Accept": call.accept, "Content-Type": call.media},
            body=call.body,
            auth_settings=["BearerToken"] if self._identity.tokens else [],
        )
        try:
            answer = api.call_api(*request, _request_timeout=(self._timeouts.connect, self._timeouts.read))
            response: HTTPResponse = answer.response
            if 200 <= response.status < 300:  # noqa: PLR2004 - the class of success, as HTTP numbers it
                return response
            raise self._refused(call, response)
        except (NewConnectionError, ConnectTimeoutError, ApiException) as error:
            raise _NotSentError(_told(error)) from error
        except ReadTimeoutError as error:
            raise _SilentError(_told(error)) from error
        except HTTPError as error:
            raise _BrokenError(_told(error)) from error

    def _refused(self, call: Call, response: HTTPResponse) -> McsError:
        return translate(refusal(response.status, call.action, response.data, response.headers.get("Retry-After")))

    def _client(self) -> ApiClient:
        with self._lock:
            now = self._monotonic()
            if self._api is not None and now - self._used > IDLE_SECONDS:
                _drop_idle(self._api[1])
            self._used = now
            if self._api is None:
                server = self._servers.current()
                self._api = (server, self._build(server))
            return self._api[1]

    def _build(self, server: ApiServer) -> ApiClient:
        certificate = self._identity.certificate
        configuration = Configuration(
            host=server.url,
            ca_cert_data=server.ca,
            cert_file=str(certificate.certificate) if certificate else None,
            key_file=str(certificate.key) if certificate else None,
            connection_pool_maxsize=self._connections,
            retries=False,
        )
        configuration.keep_alive = True
        tokens = self._identity.tokens
        if tokens is not None:
            # The client asks for the token before each request, and only where it finds an entry to refresh.
            configuration.api_key["BearerToken"] = ""
            configuration.api_key_prefix["BearerToken"] = "Bearer"
            configuration.refresh_api_key_hook = partial(_refresh, tokens)  # type: ignore[assignment]  # declared None
        api = ApiClient(configuration)
        api.user_agent = f"cloudmap-mcs/{VERSION} {self._identity.component}"
        return api


def _drop_idle(api: ApiClient) -> None:
    api.close()  # type: ignore[no-untyped-call]  # the package is typed in parts


def _refresh(tokens: TokenSource, configuration: Configuration) -> None:
    configuration.api_key["BearerToken"] = tokens.current()


def _told(error: Exception) -> str:
    """Say what went wrong without the request that urllib3 puts into its messages."""
    if isinstance(error, ApiException):
        return " ".join(str(error.reason).split())
    return f"{type(error).__name__}: {str(error).rpartition('>: ')[2]}"
