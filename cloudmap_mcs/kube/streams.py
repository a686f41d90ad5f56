"""One open watch: lines of JSON from a connection that another thread may close at any time."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from cloudmap_mcs.errors import UnreachableError
from cloudmap_mcs.kube.failures import Refusal, translate

_CHUNK: Final = 65_536


class EventStream:
    """Events of a watch, each a dict with `type` and `object`. Ends when the server ends it or after `close`.

    Raises GoneError when the version is too old, UnreachableError when the connection breaks or stays silent.
    """

    def __init__(self, response: HTTPResponse, action: str, *, silence: float) -> None:
        self._response = response
        self._action = action
        self._closed = threading.Event()
        # The answer has begun, so the connection is alive; from here on the server may be silent for long.
        connection = response.connection
        self._socket: socket.socket | None = getattr(connection, "sock", None)
        if self._socket is not None:
            self._socket.settimeout(silence)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        rest = b""
        try:
            for chunk in self._response.stream(_CHUNK):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line.strip():
                        yield self._event(line)
        except (HTTPError, OSError, ValueError) as error:
            if not self._closed.is_set():
                raise UnreachableError(f"{self._action}: the watch broke: {type(error).__name__}") from error
        finally:
            self._response.close()

    def close(self) -> None:
        """End the stream at once, from any thread."""
        self._closed.set()
        if self._socket is not None:
            # SSLSocket.shutdown would forget its TLS state under the reading thread; the socket below wakes it.
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _event(self, line: bytes) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(line)
        if event["type"] != "ERROR":
            return event
        status = event["object"]
        raise translate(Refusal(int(status.get("code") or 500), self._action, status))
