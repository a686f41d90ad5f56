"""Where built programs are kept: by version, platform and digest, shared by all checkouts of one user."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.binaries.catalog import Tool
    from sandbox.binaries.progress import Progress
    from sandbox.binaries.toolchain import Go

_UNFINISHED = ".unfinished"


def default_root(environ: Mapping[str, str]) -> Path:
    """`${XDG_CACHE_HOME:-~/.cache}/cloudmap-mcs/binaries`, with the home folder of the given environment."""
    cache = environ.get("XDG_CACHE_HOME") or os.path.join(environ.get("HOME") or Path.home(), ".cache")  # noqa: PTH118 - str or Path
    return Path(cache) / "cloudmap-mcs" / "binaries"


class BinaryCache:
    """Finished programs only: what is there is whole."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, tool: Tool, go: Go) -> Path:
        return self.root / f"{tool.name}-{tool.version}-{go.os}-{go.arch}-{tool.digest}" / tool.name

    @contextmanager
    def place(self, target: Path) -> Iterator[Path]:
        """Path to build into; becomes `target` in one step when the block ends well, and vanishes otherwise.

        Call it only while holding the lock.
        """
        unfinished = target.parent.with_name(target.parent.name + _UNFINISHED)
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        try:
            yield unfinished / target.name
            unfinished.rename(target.parent)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    @contextmanager
    def locked(self, progress: Progress) -> Iterator[None]:
        """Hold the cache for writing; waits for another checkout's build and says so."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("a") as lock:
            if not _try_lock(lock.fileno()):
                self._wait(lock.fileno(), progress)
            yield

    def _wait(self, lock: int, progress: Progress) -> None:
        start = time.monotonic()
        with progress.step("waiting for a build by another checkout or process") as step:
            while not _try_lock(lock):
                time.sleep(0.5)
                step.tick(time.monotonic() - start, "")


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
