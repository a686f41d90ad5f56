"""Start child processes, wait until they are ready, and leave none behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from sandbox.errors import SandboxError
from sandbox.pids import ProcessRecord, Recorded, birth_of, end, is_running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from random import Random
    from types import FrameType, TracebackType

GRACE_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.05
_SHOWN_LINES: Final = 15

# Below the ranges from which Linux and macOS take the ports of outgoing connections,
# so that no connection takes a chosen port before its server listens.
_PORTS: Final = range(20_000, 32_000)


@dataclass(frozen=True, slots=True)
class Command:
    """What to run: `environment` is all the program sees, `log` receives what it prints.

    `stop_signal` ends it; what is still there after the grace is killed.
    """

    name: str
    arguments: tuple[str, ...]
    folder: Path
    log: Path
    environment: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM


class Child:
    """A process that we started, leader of its own session: a Ctrl-C at the terminal reaches us, not it."""

    def __init__(self, command: Command, process: subprocess.Popen[bytes], recorded: Recorded) -> None:
        self.command = command
        self.recorded = recorded
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def wait_until(self, ready: Callable[[], bool], *, timeout: float) -> None:
        """Return when `ready` says so, asked every 50 ms.

        SandboxError with the last log lines if the process ends before, or `timeout` seconds pass.
        """
        deadline = time.monotonic() + timeout
        while not ready():
            if self.status is not None:
                raise SandboxError(self._told(f"ended with status {self.status} before it was ready"))
            if time.monotonic() > deadline:
                raise SandboxError(self._told(f"is not ready after {timeout:g} s"))
            time.sleep(_POLL_SECONDS)

    def require_running(self) -> None:
        """SandboxError with the last log lines if the process has ended."""
        if self.status is not None:
            raise SandboxError(self._told(f"ended with status {self.status}"))

    def reap(self) -> None:
        """Collect the exit status of a process that was ended."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=GRACE_SECONDS)

    def _told(self, what: str) -> str:
        lines = "\n".join(f"    {line}" for line in last_lines(self.command.log))
        return f"{self.command.name} {what}; the end of {self.command.log}:\n{lines}"


class Processes:
    """The running processes of one sandbox folder; as a context manager it ends them all on the way out.

    Its record in the folder lets `stop_recorded` do the same from another shell.
    """

    def __init__(self, folder: Path) -> None:
        self._record = ProcessRecord(folder)
        self._children: list[Child] = []
        self._seen_logs: set[Path] = set()
        self._closed = False
        self._lock = threading.Lock()

    def start(self, command: Command) -> Child:
        """Start a process; its log begins anew unless this sandbox already ran the same command."""
        with self._lock:
            if self._closed:
                raise SandboxError(f"{command.name} was not started: the sandbox is stopping")
            child = self._launch(command)
            self._children.append(child)
        return child

    def stop(self, *children: Child, grace: float = GRACE_SECONDS) -> None:
        """End these processes together and forget them."""
        end([child.recorded for child in children], grace=grace)
        for child in children:
            child.reap()
        self._record.remove(child.recorded for child in children)
        with self._lock:
            self._children = [child for child in self._children if child not in children]

    def ended(self) -> list[Child]:
        """Return the processes that nobody stopped through this object and that no longer run."""
        with self._lock:
            return [child for child in self._children if child.status is not None]

    def require_running(self) -> None:
        """SandboxError with the last log lines of a process that ended and that nobody stopped."""
        for child in self.ended():
            child.require_running()

    def close(self, *, grace: float = GRACE_SECONDS) -> None:
        """End everything; nothing can be started afterwards. Another Ctrl-C does not interrupt it."""
        with _uninterrupted():
            with self._lock:
                self._closed = True
                children = list(self._children)
            self.stop(*children, grace=grace)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _launch(self, command: Command) -> Child:
        command.log.parent.mkdir(parents=True, exist_ok=True)
        mode = "ab" if command.log in self._seen_logs else "wb"
        self._seen_logs.add(command.log)
        with command.log.open(mode) as log:
            try:
                process = subprocess.Popen(
                    command.arguments,
                    cwd=command.folder,
                    env=dict(command.environment),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise SandboxError(f"{command.name} cannot be started: {error}") from error
        with ExitStack() as undo:
            undo.callback(process.kill)
            birth = birth_of(process.pid) or ""
            recorded = Recorded(command.name, process.pid, birth, str(command.log), command.stop_signal)
            self._record.add(recorded)
            undo.pop_all()
        return Child(command, process, recorded)


def stop_recorded(folder: Path, *, grace: float = GRACE_SECONDS) -> list[Recorded]:
    """End every process that a sandbox in this folder has recorded; returns those that were still running."""
    record = ProcessRecord(folder)
    known = record.read()
    running = [process for process in known if is_running(process)]
    with _uninterrupted():
        end(known, grace=grace)
        record.remove(known)
    return running


def free_ports(count: int, random: Random) -> tuple[int, ...]:
    """Choose different loopback ports on which nothing listens right now."""
    chosen: list[int] = []
    with ExitStack() as held:
        for port in random.sample(_PORTS, len(_PORTS)):
            if len(chosen) == count:
                break
            candidate = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            with suppress(OSError):
                candidate.bind(("127.0.0.1", port))
                chosen.append(port)
    if len(chosen) < count:
        raise SandboxError(f"only {len(chosen)} of {count} ports are free between {_PORTS.start} and {_PORTS.stop}")
    return tuple(chosen)


def last_lines(log: Path, count: int = _SHOWN_LINES) -> list[str]:
    """Return the end of a log, read from at most its last 64 KiB."""
    with log.open("rb") as stream:
        stream.seek(max(0, os.fstat(stream.fileno()).st_size - 65_536))
        return stream.read().decode(errors="replace").splitlines()[-count:]


@contextmanager
def interruptible() -> Iterator[None]:
    """Within the block SIGTERM and SIGHUP do what Ctrl-C does, so that whatever is open gets closed.

    SIGINT does so too, even where a shell had it ignored for a background job.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handling(interrupt, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        yield


@contextmanager
def _uninterrupted() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with _handling(signal.SIG_IGN, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        yield


@contextmanager
def _handling(
    handler: Callable[[int, FrameType | None], None] | signal.Handlers, *numbers: signal.Signals
) -> Iterator[None]:
    before = [(number, signal.signal(number, handler)) for number in numbers]
    try:
        yield
    finally:
        for number, previous in before:
            signal.signal(number, previous)
