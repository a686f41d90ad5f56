"""CPU time and memory of a process, as Linux' /proc tells them (proc_pid_stat(5), proc_pid_status(5))."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox.errors import SandboxError

PROC: Final = Path("/proc")
KIB: Final = 1024
MB: Final = 1_000_000
_USER_TICKS, _SYSTEM_TICKS, _PARENT = 11, 12, 1
"""Positions after the command's closing bracket."""


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds so far; memory now and at its highest, in MB."""

    cpu_seconds: float
    resident: float
    peak: float


def usage(pid: int) -> Usage:
    """Read one process; SandboxError where there is no /proc or no such process."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
        status = (PROC / str(pid) / "status").read_text()
    except OSError as error:
        raise SandboxError(f"CPU and memory are read from /proc, and process {pid} is not there: {error}") from error
    return parsed(stat, status, ticks=os.sysconf("SC_CLK_TCK"))


def parsed(stat: str, status: str, *, ticks: int) -> Usage:
    """Read the content of the two files."""
    fields = stat.rpartition(")")[2].split()
    cpu = (int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])) / ticks
    lines = dict(line.split(":", 1) for line in status.splitlines())
    resident, peak = (int(lines[name].split()[0]) * KIB / MB for name in ("VmRSS", "VmHWM"))
    return Usage(cpu, resident, peak)


def functions(parent: int, name: str) -> list[int]:
    """Return the processes in which the local AWS runs a function."""
    mark = f"AWS_LAMBDA_FUNCTION_NAME={name}".encode()
    return [pid for pid in _children(parent) if mark in _environment(pid)]


def _children(parent: int) -> list[int]:
    return [int(entry.name) for entry in PROC.glob("[0-9]*") if _parent(entry) == parent]


def _parent(entry: Path) -> int | None:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[_PARENT])
    except OSError:
        return None


def _environment(pid: int) -> list[bytes]:
    try:
        return (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []
