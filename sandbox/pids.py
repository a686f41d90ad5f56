"""Processes as another shell sees them: known by number and birth, so that a reused number is never signalled."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_PROC: Final = Path("/proc")
_POLL_SECONDS: Final = 0.02
_AFTER_KILL_SECONDS: Final = 5.0

# Positions in /proc/PID/stat after the command's closing bracket (proc_pid_stat(5), fields 3, 5, 6 and 22).
_STATE, _GROUP, _SESSION, _START = 0, 2, 3, 19


@dataclass(frozen=True, slots=True)
class Recorded:
    """A process that was started as the leader of its own session, and the signal that asks it to end."""

    name: str
    pid: int
    birth: str
    log: str
    stop_signal: int = signal.SIGTERM


class ProcessRecord:
    """Which processes a folder's sandbox has running; written by any number of threads and programs."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "processes.json"

    def read(self) -> list[Recorded]:
        """Return what was recorded, oldest first, whether it still runs or not."""
        if not self._path.exists():
            return []
        return [Recorded(**entry) for entry in json.loads(self._path.read_text())]

    def add(self, process: Recorded) -> None:
        self._change(lambda known: [*known, process])

    def remove(self, processes: Iterable[Recorded]) -> None:
        gone = set(processes)
        self._change(lambda known: [process for process in known if process not in gone])

    def _change(self, change: Callable[[list[Recorded]], list[Recorded]]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            fresh = self._path.with_suffix(".new")
            fresh.write_text(json.dumps([asdict(process) for process in change(self.read())], indent=1))
            fresh.replace(self._path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
            yield


def birth_of(pid: int) -> str | None:
    """When a process began, in a form that only compares for equality; None if it has ended."""
    if _PROC.joinpath("self/stat").exists():
        fields = _stat(pid)
        return None if fields is None or fields[_STATE] in "ZX" else f"{_boot()}/{fields[_START]}"
    answer = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, start = answer.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else start.strip()


def is_running(process: Recorded) -> bool:
    return birth_of(process.pid) == process.birth


def end(processes: Sequence[Recorded], *, grace: float) -> None:
    """End processes and what they started: each by its signal, the youngest first, SIGKILL after `grace` seconds.

    Returns when nothing of them runs; numbers that now belong to somebody else are left alone.
    """
    groups = [process for process in reversed(processes) if _is_there(process)]
    for process in groups:
        _signal(process, process.stop_signal)
    _wait_for(groups, grace)
    for process in groups:
        if _is_there(process):
            _signal(process, signal.SIGKILL)
    _wait_for(groups, _AFTER_KILL_SECONDS)


def _is_there(process: Recorded) -> bool:
    """Whether it runs, or what it started and left behind does."""
    return is_running(process) or _left_behind(process)


def _wait_for(processes: Sequence[Recorded], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(_is_there(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _signal(process: Recorded, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _left_behind(process: Recorded) -> bool:
    """Whether the leader is gone but processes of its session run: only its descendants can be in there."""
    if birth_of(process.pid) is not None or not process.birth.startswith(f"{_boot()}/"):
        return False
    session = str(process.pid)
    for entry in _PROC.iterdir():
        fields = _stat(int(entry.name)) if entry.name.isdigit() else None
        if fields and fields[_GROUP] == fields[_SESSION] == session and fields[_STATE] not in "ZX":
            return True
    return False


def _stat(pid: int) -> list[str] | None:
    try:
        return _PROC.joinpath(str(pid), "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _boot() -> str:
    """Tell one boot from another: start times count from it; empty where the system does not say."""
    try:
        return _PROC.joinpath("sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
