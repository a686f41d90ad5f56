"""Container images made without a container engine: named programs, the libraries they load, and a few small files."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from infra.cache import made_once
from sandbox.errors import SandboxError
from sandbox.nodes.images_archive import Content, Entry, Folder, Link, write_archive, write_layer
from sandbox.nodes.images_modules import Modules, compiled
from sandbox.nodes.rootfs_layout import MERGED, TEXTS
from sandbox.nodes.rootfs_libraries import PATH, Linkage, inside, libraries, linkage, program_path

if TYPE_CHECKING:
    from collections.abc import Iterator

# Raise it when the way of building changes, so that no older archive is taken for a new one.
_LAYOUT: Final = "3"

_ARCHIVE: Final = "image.tar"

# A name that kubelet finds as it is: registry, repository and tag; `latest` would be pulled.
_NAME: Final = re.compile(r"[a-z0-9.-]+\.[a-z]+(/[a-z0-9._-]+)+:(?!latest$)[\w][\w.-]*")


@dataclass(frozen=True, slots=True)
class Program:
    """A program of the root file system, by its name on the PATH; at `path` in the image, else where it was."""

    name: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """A file of this machine, or a folder with all files in it, at an absolute path in the image.

    Programs and libraries among it find their libraries in the root file system, unless the image says otherwise.
    """

    path: str
    source: Path


@dataclass(frozen=True, slots=True)
class Text:
    """A small file at an absolute path in the image."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Library:
    """A shared library by the name that programs ask for, for those that come into a container later."""

    name: str


File = Program | Copy | Text | Modules | Library


@dataclass(frozen=True, slots=True)
class Image:
    """What a container image is made of; `name` has registry, repository and a tag other than `latest`.

    `user` is `uid:gid`. PATH is set unless `env` has it. With `library_folders` all libraries are this machine's, from
    there or from where they usually are.
    """

    name: str
    files: tuple[File, ...]
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    user: str = "0:0"
    library_folders: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise SandboxError(
                f"image name {self.name}: registry/repository:tag is needed, such as docker.io/alpine/socat:1.7.4.4, "
                "and the tag must not be latest"
            )

    @property
    def config(self) -> dict[str, object]:
        """What a container gets from the image, as in the OCI image specification."""
        env = {"PATH": ":".join(PATH)} | dict(self.env)
        return {
            "Cmd": list(self.command),
            "Entrypoint": list(self.entrypoint),
            "Env": [f"{name}={value}" for name, value in env.items()],
            "User": self.user,
            "WorkingDir": "/",
        }


# catatonit's pause mode is what the upstream image does: wait for a signal, reap what is left behind.
PAUSE: Final = Image(
    "registry.k8s.io/pause:3.10", (Program("catatonit", "/pause"),), entrypoint=("/pause", "-P"), user="65535:65535"
)

# /bin/sh is dash in both: a shell with applets of its own would run those instead of the programs named here.
_SHELL: Final = tuple(
    Program(name)
    for name in (
        *("sh", "awk", "basename", "cat", "cp", "cut", "date", "echo", "env", "false", "grep", "head", "id", "kill"),
        *("ls", "mkdir", "mktemp", "mv", "printf", "readlink", "rm", "sed", "seq", "sleep", "sort", "stat", "tail"),
        *("tee", "test", "timeout", "touch", "tr", "true", "uname", "uniq", "wc"),
    )
)

SOCAT: Final = Image("docker.io/alpine/socat:1.7.4.4", (*_SHELL, Program("socat")), entrypoint=("socat",))

NETSHOOT: Final = Image(
    "docker.io/nicolaka/netshoot:v0.15",
    (*_SHELL, *(Program(name) for name in ("dig", "host", "ip", "nc", "nslookup", "ps", "socat", "ss"))),
    command=("/bin/sh",),
)


def coredns_image(binary: Path, version: str) -> Image:
    """Describe CoreDNS from a static program; runs as root, so that it may open port 53 without file capabilities."""
    return Image(
        f"docker.io/coredns/coredns:{version.removeprefix('v')}", (Copy("/coredns", binary),), entrypoint=("/coredns",)
    )


def ensure_image(image: Image, rootfs: Path) -> Path:
    """Path of the image as a docker-archive tar for `ctr --namespace k8s.io images import`, built unless it is there.

    `rootfs` is what `ensure_rootfs` gave; archives are kept beside it. The same image gives the same bytes.
    SandboxError if a program, a library or a file to copy is missing.
    """
    slug = re.sub(r"[^\w.-]+", "-", image.name)
    for copy in image.files:
        if isinstance(copy, Copy | Modules) and not copy.source.exists():
            raise SandboxError(f"{copy.source} is not there: it was to become {copy.path} of {image.name}")
    finished = rootfs.parent / "images" / f"{slug}-{_digest(image)}"
    with made_once(finished) as folder:
        if folder is not None:
            layer = folder / "layer.tar"
            diff_id = write_layer(layer_entries(image, rootfs), layer)
            write_archive(image.name, image.config, layer, diff_id, folder / _ARCHIVE)
            layer.unlink()
    return finished / _ARCHIVE


def layer_entries(image: Image, rootfs: Path) -> dict[str, Entry]:
    """Everything in the image's file system, by path without a leading slash; programs with their libraries."""
    entries: dict[str, Entry] = {_merged(path): Content(text.encode()) for path, text in TEXTS}
    entries["tmp"] = Folder(0o1777)
    for file in image.files:
        entries |= {_merged(path): entry for path, entry in _contents(file, rootfs)}
    named = tuple(file.name for file in image.files if isinstance(file, Library))
    home = Path("/") if image.library_folders else rootfs
    _add_libraries(entries, home, image.library_folders, named)
    for name in MERGED:
        if any(path.startswith(f"usr/{name}/") for path in entries):
            entries[name] = Link(f"usr/{name}")
    return entries


def _contents(file: File, rootfs: Path) -> Iterator[tuple[str, Entry]]:
    match file:
        case Program(name, path):
            found = program_path(rootfs, name)
            yield path or found, Content(inside(rootfs, found), 0o755)
        case Text(path, text):
            yield path, Content(text.encode())
        case Copy(path, source):
            yield from ((str(PurePosixPath(path, below)), _copied(here)) for below, here in _tree(source))
        case Modules():
            yield from compiled(file)
        case Library():
            return


def _tree(source: Path) -> Iterator[tuple[PurePosixPath, Path]]:
    if not source.is_dir():
        yield PurePosixPath(), source
        return
    for here in sorted(source.rglob("*")):
        if here.is_symlink() or here.is_file():
            yield PurePosixPath(here.relative_to(source)), here


def _copied(here: Path) -> Entry:
    if here.is_symlink():
        return Link(str(here.readlink()))
    return Content(here, 0o755 if here.stat().st_mode & 0o100 else 0o644)


def _add_libraries(entries: dict[str, Entry], rootfs: Path, folders: tuple[str, ...], named: tuple[str, ...]) -> None:
    """Add the named libraries, what the programs and libraries there ask for, and what that asks for.

    They are looked for in a root file system: in `folders` of it first, after those that a file names itself.
    """
    todo = [(_asked(entry), f"/{PurePosixPath(path).parent}") for path, entry in entries.items()]
    todo.append((Linkage(needed=named), "/"))
    while todo:
        asks, origin = todo.pop()
        if asks is None:
            continue
        asks = replace(asks, runpath=(*asks.runpath, *folders))
        for library in libraries(rootfs, asks, origin):
            at = _merged(library)
            if at not in entries:
                entries[at] = Content(inside(rootfs, library), 0o755)
                todo.append((_asked(entries[at]), f"/{PurePosixPath(at).parent}"))


def _asked(entry: Entry) -> Linkage | None:
    return linkage(entry.source) if isinstance(entry, Content) and isinstance(entry.source, Path) else None


def _merged(path: str) -> str:
    """Path without the leading slash, with /bin and the like where their links lead."""
    below = path.removeprefix("/")
    return f"usr/{below}" if below.split("/", 1)[0] in MERGED else below


def _digest(image: Image) -> str:
    """Digest what the image is made of; the root file system is the one it lies beside."""
    content = hashlib.sha256(repr((_LAYOUT, image)).encode())
    for file in image.files:
        match file:
            case Copy():
                for below, here in _tree(file.source):
                    content.update(f"{below}\0".encode())
                    content.update(str(here.readlink()).encode() if here.is_symlink() else _file_digest(here))
            case Modules():
                for path, here in file.files():
                    content.update(f"{path}\0".encode() + _file_digest(here))
    return content.hexdigest()[:12]


def _file_digest(file: Path) -> bytes:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
