"""Raw watch streams of several API servers, every event stamped with this process's monotonic clock as it arrives."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import urlsplit

from sandbox.errors import SandboxError
from sandbox.sandbox import Member

_CHUNK: Final = 1 << 20
_CONNECT_SECONDS: Final = 10.0
_WATCH_SECONDS: Final = 4 * 3600


@dataclass(frozen=True, slots=True)
class Seen:
    """One watch event: `at` is when its last byte was read, in seconds; `manifest` the object as it is then."""

    at: float
    cluster: str
    type: str
    manifest: dict[str, Any]

    @property
    def kind(self) -> str:
        return str(self.manifest["kind"])

    @property
    def name(self) -> str:
        return str(self.manifest["metadata"]["name"])

    @property
    def labels(self) -> dict[str, str]:
        return self.manifest["metadata"].get("labels") or {}


Wanted = Callable[[Seen], bool]


class Streams:
    """All that is seen, in the order of arrival. A context manager: leaving it closes every watch."""

    def __init__(self) -> None:
        self._seen: list[Seen] = []
        self._arrived = threading.Condition()
        self._watches: list[tuple[http.client.HTTPSConnection, threading.Thread]] = []
        self._broken: list[str] = []
        self._closing = False

    def watch(self, member: Member, path: str) -> None:
        """Begin to watch a collection; what is there already arrives first."""
        address = urlsplit(member.server)
        trust = ssl.create_default_context(cafile=str(member.ca))
        trust.load_cert_chain(member.certificate, member.key)
        connection = http.client.HTTPSConnection(
            str(address.hostname), address.port, timeout=_CONNECT_SECONDS, context=trust
        )
        connection.request("GET", f"{path}?watch=true&timeoutSeconds={_WATCH_SECONDS}")
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            raise SandboxError(f"watch of {path} in {member.id}: {answer.status} {answer.read()!r}")
        connection.sock.settimeout(None)
        reader = threading.Thread(target=self._read, args=(member.id, answer), name=f"watch {path}", daemon=True)
        self._watches.append((connection, reader))
        reader.start()

    def mark(self) -> None:
        """Forget what was seen so far."""
        with self._arrived:
            self._seen.clear()

    def first(self, wanted: Wanted, *, seconds: float) -> Seen | None:
        """Wait for the first event since the last `mark` that is wanted; None if none comes in time."""
        deadline = time.monotonic() + seconds
        examined = 0
        with self._arrived:
            while True:
                for event in self._seen[examined:]:
                    if wanted(event):
                        return event
                examined = len(self._seen)
                left = deadline - time.monotonic()
                self._complain()
                if left <= 0:
                    return None
                self._arrived.wait(left)

    def history(self) -> tuple[Seen, ...]:
        """Return all events since the last `mark`."""
        with self._arrived:
            return tuple(self._seen)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing = True
        for connection, reader in self._watches:
            # Not closed before its reader is done with it: closing waits for the read that is under way.
            connection.sock.shutdown(socket.SHUT_RDWR)
            reader.join()
            connection.close()

    def _complain(self) -> None:
        if self._broken:
            raise SandboxError(f"a watch ended: {self._broken[0]}")

    def _read(self, cluster: str, answer: http.client.HTTPResponse) -> None:
        why = "the server closed it"
        try:
            for at, line in _lines(answer):
                event = json.loads(line)
                with self._arrived:
                    self._seen.append(Seen(at, cluster, event["type"], event["object"]))
                    self._arrived.notify_all()
        except (OSError, ValueError, http.client.HTTPException) as error:
            why = str(error)
        if not self._closing:
            with self._arrived:
                self._broken.append(f"{cluster}: {why}")
                self._arrived.notify_all()


def _lines(answer: http.client.HTTPResponse) -> Iterator[tuple[float, bytes]]:
    rest = b""
    while chunk := answer.read1(_CHUNK):
        at = time.monotonic()
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield at, line
