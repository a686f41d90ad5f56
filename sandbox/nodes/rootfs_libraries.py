"""Find programs and the shared libraries they load in a folder that is a root file system, without entering it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Final

from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH: Final = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")

_MAX_LINKS: Final = 40  # as Linux

# The C library opens these by name when a program resolves host names or ends a thread (older ones: nss).
_OPENED_BY_LIBC: Final = ("libnss_dns.so.2", "libnss_files.so.2", "libgcc_s.so.1")

# ELF, System V ABI: header, program header and dynamic entry of 64-bit little-endian files.
_MAGIC: Final = b"\x7fELF\x02\x01"
_HEADER: Final = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT: Final = struct.Struct("<IIQQQQQQ")
_DYNAMIC: Final = struct.Struct("<qQ")
_LOAD, _DYNAMIC_SEGMENT, _INTERPRETER = 1, 2, 3
_NEEDED, _STRINGS, _RPATH, _RUNPATH = 1, 5, 15, 29


@dataclass(frozen=True, slots=True)
class Linkage:
    """What a program or library asks the dynamic loader for."""

    interpreter: str | None = None
    needed: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()


def inside(root: Path, path: str) -> Path:
    """Path, as seen from here, of what `path` means once `root` is the root folder; links are followed.

    FileNotFoundError if there is nothing.
    """
    todo = list(reversed(PurePosixPath(path).parts))
    at, links = root, 0
    while todo:
        part = todo.pop()
        if part == "/":
            at = root
        elif part == "..":
            at = at.parent if at != root else root
        elif (at / part).is_symlink():
            links += 1
            if links > _MAX_LINKS:
                raise FileNotFoundError(f"too many links: {path}")
            todo.extend(reversed(PurePosixPath((at / part).readlink()).parts))
        else:
            at /= part
    if not at.exists():
        raise FileNotFoundError(path)
    return at


def program_path(root: Path, name: str) -> str:
    """Path inside `root` of a program of the PATH; SandboxError if it is not there."""
    for folder in PATH:
        path = f"{folder}/{name}"
        if exists(root, path):
            return path
    raise SandboxError(f"program {name} is not among the unpacked packages")


def exists(root: Path, path: str) -> bool:
    """Tell whether `path` names something that is there once `root` is the root folder."""
    try:
        inside(root, path)
    except FileNotFoundError:
        return False
    return True


def libraries(root: Path, linkage: Linkage, origin: str) -> tuple[str, ...]:
    """Paths inside `root` of the loader and of the libraries that a file in folder `origin` asks for itself.

    What those ask for in turn is the caller's next question. SandboxError if one is missing.
    """
    folders = [entry.replace("${ORIGIN}", "$ORIGIN").replace("$ORIGIN", origin) for entry in linkage.runpath]
    folders += _library_folders(root)
    found = [] if linkage.interpreter is None else [linkage.interpreter]
    found += [_library(root, name, folders) for name in linkage.needed]
    if "libc.so.6" in linkage.needed:
        opened = (next(_candidates(root, name, folders), None) for name in _OPENED_BY_LIBC)
        found += [path for path in opened if path is not None]
    return tuple(dict.fromkeys(found))


def _library(root: Path, name: str, folders: list[str]) -> str:
    path = next(_candidates(root, name, folders), None)
    if path is None:
        raise SandboxError(f"shared library {name} is not among the unpacked packages")
    return path


def _candidates(root: Path, name: str, folders: list[str]) -> Iterator[str]:
    return (path for path in (f"{folder}/{name}" for folder in folders) if exists(root, path))


def _library_folders(root: Path) -> list[str]:
    """Where this C library looks by itself: next to itself first, whose folder has the architecture's name."""
    beside = sorted(f"/usr/lib/{path.parent.name}" for path in root.glob("usr/lib/*/libc.so.6"))
    return [*beside, "/usr/lib64", "/usr/lib"]


def linkage(file: Path) -> Linkage | None:
    """Read what an ELF file asks for: nothing if it is static; None if it is no 64-bit little-endian ELF file."""
    with file.open("rb") as stream:
        if stream.read(len(_MAGIC)) != _MAGIC:
            return None
        segments = _segments(stream)
        interpreter = next((_text(_part(stream, s[2], s[5]), 0) for s in segments if s[0] == _INTERPRETER), None)
        dynamic = next((s for s in segments if s[0] == _DYNAMIC_SEGMENT), None)
        if dynamic is None:
            return Linkage()
        body = _part(stream, dynamic[2], dynamic[5])
        entries = list(_DYNAMIC.iter_unpack(body[: len(body) // _DYNAMIC.size * _DYNAMIC.size]))
        strings = _strings(stream, segments, entries)
    needed = tuple(_text(strings, value) for tag, value in entries if tag == _NEEDED)
    paths = [_text(strings, value) for tag, value in entries if tag in {_RPATH, _RUNPATH}]
    return Linkage(interpreter, needed, tuple(folder for path in paths for folder in path.split(":") if folder))


def _segments(stream: BinaryIO) -> list[tuple[int, ...]]:
    """Read the program headers: type, flags, offset, address, physical address, size in the file, and more."""
    header = _HEADER.unpack(_part(stream, 0, _HEADER.size))
    offset, size, count = header[5], header[9], header[10]
    return [_SEGMENT.unpack(_part(stream, offset + number * size, _SEGMENT.size)) for number in range(count)]


def _strings(stream: BinaryIO, segments: list[tuple[int, ...]], entries: list[tuple[int, ...]]) -> bytes:
    """Everything from the string table's start to the end of its segment: names in it end with a zero."""
    address = next((value for tag, value in entries if tag == _STRINGS), 0)
    for kind, _, offset, start, _, size, *_ in segments:
        if kind == _LOAD and start <= address < start + size:
            return _part(stream, offset + address - start, start + size - address)
    return b""


def _part(stream: BinaryIO, offset: int, size: int) -> bytes:
    stream.seek(offset)
    return stream.read(size)


def _text(strings: bytes, offset: int) -> str:
    return strings[offset : strings.index(b"\0", offset)].decode()
