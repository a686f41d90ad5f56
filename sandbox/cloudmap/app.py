"""The HTTP door as an ASGI application: AWS calls by X-Amz-Target, and the admin paths."""

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sandbox.cloudmap.admin import PREFIX, answer_admin
from sandbox.cloudmap.errors import ApiError
from sandbox.cloudmap.simulator import Dropped, Simulator
from sandbox.cloudmap.wire import CONTENT_TYPE, Signed, read_request, to_json

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

ABORT = "sandbox.abort"
"""Scope extension of our server: its `close` ends the connection at once, without an answer."""


class Application:
    """Serves one simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            raise ValueError(f"this door speaks http only, not {scope['type']}")
        body = await _read(receive)
        if scope["path"].startswith(PREFIX):
            status, answer = answer_admin(self._simulator, scope["method"], scope["path"], body)
            await _respond(send, status, to_json(answer), "application/json")
            return
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        signed = Signed(scope["method"], scope["raw_path"].decode("latin-1"), headers, body)
        try:
            request = read_request(signed, self._simulator.settings.default_account)
        except ApiError as error:
            print(f"cloudmap: refused {scope['method']} {scope['path']}: {error.message}", file=sys.stderr, flush=True)
            await _respond(send, error.status, to_json(error.body()))
            return
        outcome = await self._simulator.answer(request)
        if isinstance(outcome, Dropped):
            scope["extensions"][ABORT]["close"]()
            await receive()
        elif isinstance(outcome, ApiError):
            await _respond(send, outcome.status, to_json(outcome.body()))
        else:
            await _respond(send, 200, to_json(outcome))


async def _read(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


async def _respond(send: Send, status: int, body: bytes, content_type: str = CONTENT_TYPE) -> None:
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
