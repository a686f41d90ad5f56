"""The few HTTPS calls the sandbox makes to an API server: plain dicts, no retries, honest errors."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import urllib3

from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from pathlib import Path

APPLY: Final = "application/apply-patch+yaml"
MERGE: Final = "application/merge-patch+json"
_TIMEOUT: Final = urllib3.Timeout(connect=2.0, read=15.0)
_NOT_JSON_CHARACTERS: Final = 200


class ApiRefusedError(SandboxError):
    """The API server answered, and the answer is no."""

    def __init__(self, status: int, action: str, message: str) -> None:
        super().__init__(f"{action}: {status} {message}")
        self.status = status


class ApiUnreachableError(SandboxError):
    """No answer from the API server: not there yet, or gone."""


class KubeClient:
    """An API server seen with one identity; safe to share between threads."""

    def __init__(
        self,
        server: str,
        ca_file: Path,
        *,
        certificate: tuple[Path, Path] | None = None,
        token: str | None = None,
    ) -> None:
        self.server = server
        cert, key = map(str, certificate) if certificate else (None, None)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._pool = urllib3.PoolManager(
            ca_certs=str(ca_file), cert_file=cert, key_file=key, retries=False, timeout=_TIMEOUT, maxsize=4
        )

    def get(self, path: str) -> dict[str, Any]:
        return self.request("GET", path)

    def find(self, path: str) -> dict[str, Any] | None:
        """Get an object, or None if there is none."""
        try:
            return self.get(path)
        except ApiRefusedError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self.request("POST", path, body)

    def patch(self, path: str, body: dict[str, Any], *, content_type: str = MERGE) -> dict[str, Any]:
        return self.request("PATCH", path, body, content_type=content_type)

    def delete(self, path: str) -> dict[str, Any]:
        return self.request("DELETE", path)

    def is_up(self, path: str = "/readyz") -> bool:
        """Whether a health path answers 200."""
        try:
            self.request("GET", path)
        except (ApiUnreachableError, ApiRefusedError):
            return False
        return True

    def request(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, content_type: str = "application/json"
    ) -> dict[str, Any]:
        """Return the answer's body, or `{"text": ...}` for one that is not JSON.

        ApiRefusedError for any status from 400 up, ApiUnreachableError when there is no answer.
        """
        headers = self._headers | {"Accept": "application/json", "Content-Type": content_type}
        data = None if body is None else json.dumps(body).encode()
        try:
            answer = self._pool.request(method, f"{self.server}{path}", body=data, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise ApiUnreachableError(f"{method} {path} at {self.server}: {error}") from error
        content = _decoded(answer.data)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            message = str(content.get("message") or content.get("text", "")[:_NOT_JSON_CHARACTERS])
            raise ApiRefusedError(answer.status, f"{method} {path}", message)
        return content

    def close(self) -> None:
        self._pool.clear()


def _decoded(data: bytes) -> dict[str, Any]:
    try:
        content = json.loads(data)
    except ValueError:
        return {"text": data.decode(errors="replace")}
    return content if isinstance(content, dict) else {"text": data.decode()}
