"""A TCP proxy on loopback that can go bad as networks do: cut every connection, or fall silent without closing any."""

import selectors
import socket
import threading
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit


class Wire:
    """Forwards to an API server. `url` is where it listens; a certificate for 127.0.0.1 is good there too."""

    def __init__(self, url: str) -> None:
        target = urlsplit(url)
        self._target = (target.hostname or "", target.port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        self.connections = 0
        self._over = threading.Event()
        self._is_away = threading.Event()
        self._lock = threading.Lock()
        self._open: list[tuple[socket.socket, socket.socket, threading.Event]] = []

    def freeze(self) -> None:
        """Stop forwarding on the connections of now; they stay open. Later ones work."""
        with self._lock:
            for *_, frozen in self._open:
                frozen.set()

    def cut(self) -> None:
        """Close the connections of now."""
        with self._lock:
            for near, far, _ in self._open:
                _shut(near)
                _shut(far)

    def away(self) -> None:
        """Close later connections as soon as they are made."""
        self._is_away.set()

    def back(self) -> None:
        self._is_away.clear()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        _shut(self._listener)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._is_away.is_set():
                near.close()
                continue
            far = socket.create_connection(self._target)
            frozen = threading.Event()
            with self._lock:
                self.connections += 1
                self._open.append((near, far, frozen))
            threading.Thread(target=_forward, args=(near, far, frozen, self._over), daemon=True).start()


def _forward(near: socket.socket, far: socket.socket, frozen: threading.Event, over: threading.Event) -> None:
    with near, far, selectors.DefaultSelector() as selector, suppress(OSError):
        selector.register(near, selectors.EVENT_READ, far)
        selector.register(far, selectors.EVENT_READ, near)
        while True:
            for ready, _ in selector.select():
                if frozen.is_set():
                    over.wait()
                    return
                data = ready.fileobj.recv(65_536)  # type: ignore[union-attr]  # registered above as a socket
                if not data:
                    _shut(near)
                    _shut(far)
                    return
                ready.data.sendall(data)


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
