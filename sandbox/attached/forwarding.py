"""What of a request goes on to the user's API server, and as whom: pure rules."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from urllib3 import HTTPHeaderDict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.attached.review import User

_BEARER: Final = "bearer "

# RFC 9110, section 7.6.1, and what the client library computes itself.
_THIS_HOP: Final = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# Who somebody is, is said by the proxy alone: behind it stands an administrator who may be anybody.
_IDENTITY: Final = ("authorization", "impersonate-", "x-remote-")


def bearer_token(authorization: str | None) -> str | None:
    """Return the token of an Authorization header, None if it has none."""
    if not authorization or not authorization.lower().startswith(_BEARER):
        return None
    return authorization[len(_BEARER) :].strip() or None


def request_headers(given: Iterable[tuple[str, str]], administrator: str | None, user: User | None) -> HTTPHeaderDict:
    """Return the headers that go on, with the administrator's Authorization if it has one.

    With `user` the administrator impersonates it; without, the request is the administrator's own.
    """
    headers = HTTPHeaderDict()
    for name, value in given:
        if name.lower() not in _THIS_HOP and not name.lower().startswith(_IDENTITY):
            headers.add(name, value)
    if administrator:
        headers["Authorization"] = administrator
    if user is not None:
        headers["Impersonate-User"] = user.name
        for group in user.groups:
            headers.add("Impersonate-Group", group)
    return headers


def answer_headers(given: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the answer's headers that go back; its length is said anew."""
    return [(name, value) for name, value in given if name.lower() not in _THIS_HOP]


def status_body(status: HTTPStatus, reason: str, message: str) -> bytes:
    """Return an error as an API server words it."""
    body: dict[str, object] = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": status.value,
    }
    return json.dumps(body).encode()
