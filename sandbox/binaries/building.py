"""Build what is missing, one program at a time."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import threading
import time
from collections import deque
from typing import IO, TYPE_CHECKING, Final

from sandbox.binaries.cache import BinaryCache, default_root
from sandbox.binaries.catalog import TOOLS, Tool
from sandbox.binaries.progress import Progress, Step, about, clock
from sandbox.binaries.toolchain import Go, build_environment, find_go
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SHOWN_LINES: Final = 15

# What the last lines of a failed build contain, and what a person can do about it; the first that fits.
_ADVICE: Final = (
    (("no space left on device",), "free some disk space (a first build needs about 6 GB) and run it again"),
    (("signal: killed", "cannot allocate memory"), "free some memory (a build needs about 2 GB) and run it again"),
    (
        (
            "dial tcp",
            "i/o timeout",
            "no such host",
            "tls handshake",
            "proxyconnect",
            "connection refused",
            "unexpected eof",
        ),
        "the Go module proxy did not answer: check the network and GOPROXY and run it again; downloads are kept",
    ),
    (
        ("checksum mismatch", "security error"),
        "a module is not what go.sum says: run `go clean -modcache` and try again",
    ),
)


def build(names: Sequence[str], *, environ: Mapping[str, str], progress: Progress) -> dict[str, Path]:
    """Paths of the named programs, after building those that the cache lacks.

    Safe to call from several processes at once: they share one cache and build one program at a time.
    SandboxError if there is no Go, or a build fails: then with its last lines and what to do next.
    """
    tools = [tool for tool in TOOLS if tool.name in names]
    unknown = set(names) - {tool.name for tool in tools}
    if unknown:
        raise SandboxError(
            f"no such program: {', '.join(sorted(unknown))}; there are {', '.join(t.name for t in TOOLS)}"
        )
    go = find_go(environ)
    cache = BinaryCache(default_root(environ))
    if any(not cache.path(tool, go).exists() for tool in tools):
        with cache.locked(progress):
            _build_missing(
                [tool for tool in tools if not cache.path(tool, go).exists()], go, cache, environ, progress=progress
            )
    return {tool.name: cache.path(tool, go) for tool in tools}


def _build_missing(
    tools: Sequence[Tool], go: Go, cache: BinaryCache, environ: Mapping[str, str], *, progress: Progress
) -> None:
    if tools:
        total = about(sum(tool.minutes for tool in tools))
        progress.say(f"building {len(tools)} programs with {go.path}, {total} on two cores; this happens once")
    for number, tool in enumerate(tools, start=1):
        start = time.monotonic()
        which = f"{tool.name} {tool.version} ({number} of {len(tools)})"
        step = progress.step(f"building {which}", expected=about(tool.minutes))
        with step as shown, cache.place(cache.path(tool, go)) as output:
            GoBuild(tool, go, output, build_environment(environ)).run(shown)
        progress.say(f"built {which} in {clock(time.monotonic() - start)}")


class GoBuild:
    """One run of the Go compiler; ending it ends its compilers too."""

    def __init__(self, tool: Tool, go: Go, output: Path, environment: Mapping[str, str]) -> None:
        self._tool = tool
        # -v names each package as it is compiled: the only sign of progress there is.
        flags = ("-v", "-buildvcs=false", *tool.build_arguments)
        self._command = (str(go.path), "build", *flags, "-o", str(output), tool.package)
        self._environment = environment
        self._lines: deque[str] = deque(maxlen=200)
        self._compiled = 0

    def run(self, step: Step) -> None:
        with subprocess.Popen(
            self._command,
            cwd=self._tool.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None  # noqa: S101 - we asked for a pipe
            reader = threading.Thread(target=self._read, args=(process.stdout,))
            reader.start()
            try:
                self._watch(process, step)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                reader.join()
        if process.returncode:
            raise SandboxError(self._failure(process.returncode))

    def _watch(self, process: subprocess.Popen[str], step: Step) -> None:
        start = time.monotonic()
        while True:
            try:
                process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                step.tick(time.monotonic() - start, self._detail())
            else:
                return

    def _read(self, output: IO[str]) -> None:
        for line in output:
            self._lines.append(line.rstrip())
            self._compiled += not line.startswith("go: ")

    def _detail(self) -> str:
        last = self._lines[-1] if self._lines else ""
        return (
            last.removeprefix("go: ") if last.startswith("go: downloading") else f"{self._compiled} packages compiled"
        )

    def _failure(self, status: int) -> str:
        shown = list(self._lines)[-_SHOWN_LINES:]
        lines = "\n".join(f"    {line}" for line in shown)
        again = f"cd {shlex.quote(str(self._tool.folder))} && {shlex.join(self._command)}"
        return (
            f"Building {self._tool.name} failed with status {status}:\n{lines}\n"
            f"Next: {advice(shown)}.\nThe command was: {again}"
        )


def advice(lines: Sequence[str]) -> str:
    """Tell what to do about a failed build, judged by its last lines."""
    text = "\n".join(lines).lower()
    for signs, what in _ADVICE:
        if any(sign in text for sign in signs):
            return what
    return "run the command below by hand to see everything it says"
