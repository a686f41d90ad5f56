"""The zip that functions and watchers run: `cloudmap_mcs`, `lambdas` and locked wheels, made by pip, without Docker.

Two steps, each kept in the cache under a hash of everything that goes into it: the wheels (slow, change seldom) and
the zip of wheels and sources (fast). CDK is given the hash of the zip itself: a fingerprint of the sources would not
notice another lock file, runtime, architecture or version of this module.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import time
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.cache import forget_oldest, made_once
from infra.wheels import BundleError, install

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from infra.wheels import Target

PACKAGES = ("cloudmap_mcs", "lambdas")
LEFT_OUT = "cloudmap_mcs/cli"
"""The command line: no function and no watcher runs it, and what it needs is not in the bundle's lock."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o644 << 16
_KEPT = 6
"""Bundles that stay in the cache; every edit of the sources makes another one, of up to 20 MB."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A finished zip, the hash of all that went into it, and the SHA-256 of its bytes, both in hexadecimal."""

    path: Path
    digest: str
    sha256: str


def bundle(root: Path, target: Target, *, cache: Path, say: Callable[[str], None]) -> Bundle:
    """Return the bundle of the checkout `root`, made unless the cache has it; `say` is told what takes long."""
    infra, lock_file = root / "infra", root / "requirements" / "bundle.txt"
    wheels = _digest(target.identity, root, [infra / "bundle.py", infra / "wheels.py", lock_file])
    sources = sorted(path for package in PACKAGES for path in _sources(root, package))
    digest = _digest(wheels, root, sources)
    finished = cache / "bundles" / digest / "bundle.zip"
    with made_once(finished.parent) as folder:
        if folder is not None:
            base = _wheels(lock_file, target, finished.parent.with_name(f"wheels-{wheels}"), say)
            shutil.copyfile(base, folder / finished.name)
            _add_sources(folder, finished.name, root=root, sources=sources, target=target)
            forget_oldest(finished.parent.parent, "?" * len(digest), keep=_KEPT - 1)
    return Bundle(finished, digest, hashlib.sha256(finished.read_bytes()).hexdigest())


def _sources(root: Path, package: str) -> Iterable[Path]:
    return (path for path in (root / package).rglob("*.py") if not path.is_relative_to(root / LEFT_OUT))


def _wheels(lock_file: Path, target: Target, finished: Path, say: Callable[[str], None]) -> Path:
    with made_once(finished) as folder:
        if folder is not None:
            say(f"bundling the locked wheels for {target.title} (once per lock file, about half a minute)")
            if target.compiler is None:
                say("  without bytecode: no Python of the runtime's version is here; functions start about 1 s slower")
            start = time.monotonic()
            tree = folder / "tree"
            install(lock_file, tree, target)
            _compile(tree, target)
            with zipfile.ZipFile(folder / "wheels.zip", "w", zipfile.ZIP_DEFLATED) as archive:
                _add(archive, tree)
            shutil.rmtree(tree)
            size = (folder / "wheels.zip").stat().st_size / 1e6
            say(f"bundled the wheels: {size:.1f} MB in {time.monotonic() - start:.0f} s")
    return finished / "wheels.zip"


def _add_sources(folder: Path, name: str, *, root: Path, sources: Iterable[Path], target: Target) -> None:
    tree = folder / "tree"
    for source in sources:
        copy = tree / source.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    _compile(tree, target)
    with zipfile.ZipFile(folder / name, "a", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, tree)
    shutil.rmtree(tree)


def _compile(tree: Path, target: Target) -> None:
    """Write bytecode that is never checked against its source: the function's folder is read-only and loses times."""
    if target.compiler is None or not tree.exists():
        return
    command = [target.compiler, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", str(tree)]
    answer = subprocess.run([*command, str(tree)], capture_output=True, text=True, check=False)
    if answer.returncode:
        raise BundleError(f"the bundle does not compile:\n{answer.stdout}{answer.stderr}")


def _add(archive: zipfile.ZipFile, tree: Path) -> None:
    """Add a folder's files in a fixed order with a fixed time, so that equal contents make equal zips."""
    for path in sorted(tree.rglob("*")):
        if path.is_file():
            entry = zipfile.ZipInfo(str(path.relative_to(tree)), _EPOCH)
            entry.external_attr = _READABLE
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())


def _digest(salt: str, root: Path, files: Iterable[Path]) -> str:
    total = hashlib.sha256(salt.encode())
    for path in files:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"\0{path.relative_to(root)}\0{content}".encode())
    return total.hexdigest()
