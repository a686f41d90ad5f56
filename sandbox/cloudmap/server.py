"""Runs a simulator on a free loopback port, in a thread of this process."""

import asyncio
import random
import socket
import threading
import time
from typing import Self

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandbox.cloudmap.app import ABORT, Application
from sandbox.cloudmap.settings import Settings
from sandbox.cloudmap.simulator import Clock, Simulator

LOOPBACK = "127.0.0.1"
_STOP_SECONDS = 10.0
_BACKLOG = 512


class _AbortableProtocol(HttpToolsProtocol):
    """Lets the application close a connection without an answer."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: {"close": self.transport.abort}}


class RunningSimulator:
    """A simulator that answers at `url` until `stop`; usable as a context manager."""

    def __init__(self, simulator: Simulator, listener: socket.socket) -> None:
        self._simulator = simulator
        self._listener = listener
        host, self.port = listener.getsockname()
        self.url = f"http://{host}:{self.port}"
        config = uvicorn.Config(
            Application(simulator),
            http=_AbortableProtocol,
            lifespan="off",
            ws="none",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_keep_alive=3600,
            timeout_graceful_shutdown=0,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name=f"cloudmap-{self.port}", daemon=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    @property
    def listens_as_tcp(self) -> bool:
        """Whether answers leave at once: see `_listen`."""
        return self._listener.proto == socket.IPPROTO_TCP

    def begin(self) -> None:
        """Start to answer; calls made before wait in the socket's backlog."""
        self._thread.start()

    def stop(self) -> None:
        """Close every connection and end; calls in progress are cut off. May be called twice."""
        self._server.should_exit = True
        self._thread.join(_STOP_SECONDS)
        if self._thread.is_alive():
            raise TimeoutError(f"the Cloud Map simulator at {self.url} does not stop")
        self._simulator.close()
        self._listener.close()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        await self._server.serve(sockets=[self._listener])
        for connection in list(self._server.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        # One turn of the loop, in which the aborted connections close their sockets.
        await asyncio.sleep(0)


def start(
    settings: Settings | None = None,
    *,
    host: str = LOOPBACK,
    port: int = 0,
    seed: int | None = None,
    clock: Clock = time.time,  # noqa: TID251  the one real clock of the simulator
) -> RunningSimulator:
    """Start a simulator on `port` of an IPv4 address of this machine (0: a free one); OSError if that is taken."""
    listener = _listen(host, port)
    rng = random.Random(seed)  # noqa: S311  the order of instances is no secret
    running = RunningSimulator(Simulator(settings or Settings(), rng, clock), listener)
    running.begin()
    return running


def _listen(host: str, port: int) -> socket.socket:
    # The protocol is named because asyncio turns Nagle off only for sockets that say they are TCP;
    # with it on, every answer on a kept connection waits 40 ms for the client's delayed acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
