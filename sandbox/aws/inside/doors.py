"""Paths of our own under `/_sandbox/`, in front of ministack."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    Application = Callable[[Scope, Receive, Send], Awaitable[None]]
    Doors = Mapping[tuple[str, str], Callable[[dict[str, Any]], dict[str, Any]]]


def with_doors(application: Application, doors: Doors) -> Application:
    """Answer the requests that `doors` has by method and path, JSON for JSON; the others go on."""

    async def open_door(scope: Scope, receive: Receive, send: Send) -> None:
        door = doors.get((scope.get("method", ""), scope.get("path", ""))) if scope["type"] == "http" else None
        if door is None:
            await application(scope, receive, send)
            return
        answer = json.dumps(door(json.loads(await _body(receive)))).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return open_door


def as_tls(application: Application) -> Application:
    """Let every request count as one over TLS, whose termination the sandbox leaves out."""

    async def tls(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], (b"x-forwarded-proto", b"https")]}
        await application(scope, receive, send)

    return tls


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
