"""Python modules of this machine in a container image, compiled so that no start of a container compiles them again."""

from __future__ import annotations

import os
import py_compile
import sys
import tempfile
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from sandbox.errors import SandboxError
from sandbox.nodes.images_archive import Content, Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

_CACHE: Final = "__pycache__"


@dataclass(frozen=True, slots=True)
class Modules:
    """A module or a folder of modules of this machine, at an absolute path in the image.

    Files and folders whose names match a pattern of `left_out` stay here. Links are followed.
    """

    path: str
    source: Path
    left_out: tuple[str, ...] = ()

    def files(self) -> Iterator[tuple[str, Path]]:
        """Give the path in the image of every file, and the file here."""
        if self.source.is_file():
            yield self.path, self.source
            return
        for folder, folders, names in os.walk(self.source, followlinks=True):
            folders[:] = sorted(filter(self._goes, folders))
            below = PurePosixPath(self.path, Path(folder).relative_to(self.source))
            for name in sorted(filter(self._goes, names)):
                yield str(below / name), Path(folder, name)

    def _goes(self, name: str) -> bool:
        return name != _CACHE and not any(fnmatch(name, pattern) for pattern in self.left_out)


def compiled(modules: Modules) -> Iterator[tuple[str, Entry]]:
    """Give all files of the modules by their paths in the image, and their bytecode for this interpreter.

    The bytecode is never checked against the source, whose time is lost in an image (PEP 552). SandboxError if a
    module does not compile.
    """
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder, "module.pyc")
        for path, here in modules.files():
            yield path, Content(here)
            if here.suffix == ".py":
                at = PurePosixPath(path)
                name = f"{at.stem}.{sys.implementation.cache_tag}.pyc"
                yield str(at.parent / _CACHE / name), Content(_bytecode(here, path, scratch))


def _bytecode(here: Path, path: str, scratch: Path) -> bytes:
    try:
        py_compile.compile(
            str(here),
            str(scratch),
            path,
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    except py_compile.PyCompileError as error:
        raise SandboxError(f"{here} was to become a part of an image and does not compile: {error.msg}") from error
    return scratch.read_bytes()
