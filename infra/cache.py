"""Results that take long to make, kept outside the checkout under a name that says what went into them."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return `${XDG_CACHE_HOME:-~/.cache}/cloudmap-mcs`, with the home folder of the given environment."""
    home = environ.get("HOME") or Path.home()
    return Path(environ.get("XDG_CACHE_HOME") or Path(home, ".cache")) / "cloudmap-mcs"


@contextmanager
def made_once(finished: Path) -> Iterator[Path | None]:
    """Give a folder that becomes `finished` in one step when the block ends well, or None if that is there already.

    Another process that makes the same waits for the lock and then finds it.
    """
    finished.parent.mkdir(parents=True, exist_ok=True)
    with finished.with_name(f"{finished.name}.lock").open("w") as lock:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
        if finished.exists():
            yield None
            return
        with tempfile.TemporaryDirectory(dir=finished.parent, prefix="unfinished-") as scratch:
            folder = Path(scratch, "made")
            folder.mkdir()
            yield folder
            folder.rename(finished)


def forget_oldest(folder: Path, pattern: str, *, keep: int) -> None:
    """Remove all but the newest `keep` finished results whose names match."""
    by_age = sorted(folder.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in by_age[keep:]:
        shutil.rmtree(path, ignore_errors=True)
        path.with_name(f"{path.name}.lock").unlink(missing_ok=True)
