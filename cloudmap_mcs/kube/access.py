"""How an API server is found and convinced: address, CA, bearer token or client certificate, as small sources."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from cloudmap_mcs.errors import PermanentError, RetryableError

TOKEN_FILE_SECONDS: Final = 60
"""How long a token read from a file is used; the kubelet rewrites it long before it expires."""


@dataclass(frozen=True, slots=True)
class ApiServer:
    """Where an API server listens and the PEM text of the CA that must have signed its certificate."""

    url: str
    ca: str

    def __post_init__(self) -> None:
        if "BEGIN CERTIFICATE" not in self.ca:
            raise PermanentError(f"API server {self.url}: no CA certificate is known, so it cannot be trusted")


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """Files that hold a client certificate and its key, as administrators' kubeconfigs have them."""

    certificate: Path
    key: Path


class ServerSource(Protocol):
    """Knows the API server's address."""

    def current(self) -> ApiServer: ...

    def renew(self, failed: ApiServer) -> ApiServer:
        """Look the address up again after name resolution or TLS failed; may return the same."""
        ...


class TokenSource(Protocol):
    """Knows a bearer token."""

    def current(self) -> str:
        """Return a token that is good for the next minute at least."""
        ...

    def renew(self, refused: str) -> str:
        """Return another token after a 401, or the same if there is no other."""
        ...


class FixedServer:
    """An address that is simply given."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server

    def current(self) -> ApiServer:
        return self._server

    def renew(self, failed: ApiServer) -> ApiServer:
        del failed
        return self._server


class FixedToken:
    """A token that is simply given."""

    def __init__(self, token: str) -> None:
        self._token = token

    def current(self) -> str:
        return self._token

    def renew(self, refused: str) -> str:
        del refused
        return self._token


class FolderServer:
    """The API server of the cluster that this process runs in; the CA is read from the ServiceAccount's folder."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder

    def current(self) -> ApiServer:
        return ApiServer(self._url, _read(self._folder / "ca.crt"))

    def renew(self, failed: ApiServer) -> ApiServer:
        del failed
        return self.current()


class FolderToken:
    """A ServiceAccount's token, read again at least once a minute because the kubelet replaces it."""

    def __init__(self, folder: Path, *, monotonic: Callable[[], float]) -> None:
        self._file = folder / "token"
        self._monotonic = monotonic
        self._known: tuple[str, float] | None = None

    def current(self) -> str:
        known = self._known
        if known is None or self._monotonic() - known[1] >= TOKEN_FILE_SECONDS:
            return self._load()
        return known[0]

    def renew(self, refused: str) -> str:
        del refused
        return self._load()

    def _load(self) -> str:
        token = _read(self._file).strip()
        self._known = (token, self._monotonic())
        return token


def in_cluster_url(host: str, port: str) -> str:
    """Spell the address that Kubernetes gives to pods; an IPv6 address goes into brackets."""
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise RetryableError(f"cannot read {file}: {error.strerror}") from error
