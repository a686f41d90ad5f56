"""Write a container image of one layer as an archive that `ctr images import` and `docker load` take."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Names of the Go platform where they differ from the kernel's.
_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64", "loongarch64": "loong64"}

_EPOCH: Final = "1970-01-01T00:00:00Z"
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Folder:
    """An empty folder of a layer; those above a file come by themselves."""

    mode: int = 0o755


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link of a layer."""

    target: str


@dataclass(frozen=True, slots=True)
class Content:
    """A file of a layer; its content is given, or is that of a file here."""

    source: Path | bytes
    mode: int = 0o644


Entry = Folder | Link | Content


def write_layer(entries: Mapping[str, Entry], file: Path) -> str:
    """Write the entries, by path without a leading slash, as a layer; return its `sha256:` digest.

    The same entries give the same bytes: sorted, owned by root, without times.
    """
    everything = {parent: Folder() for path in entries for parent in _above(path)} | dict(entries)
    with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as layer:
        for path in sorted(everything):
            _add(layer, path, everything[path])
    return f"sha256:{_digest(file)}"


def write_archive(name: str, config: Mapping[str, object], layer: Path, diff_id: str, file: Path) -> None:
    """Write a docker-archive: the layer, the image's configuration for this machine's platform, and the manifest.

    `config` has what the container gets: Entrypoint, Cmd, Env, User, WorkingDir (image-spec, config.md).
    """
    machine = platform.machine()
    described = _json(
        {
            "architecture": _ARCHITECTURES.get(machine, machine),
            "config": config,
            "created": _EPOCH,
            "history": [{"created": _EPOCH, "created_by": "cloudmap-mcs sandbox"}],
            "os": "linux",
            "rootfs": {"diff_ids": [diff_id], "type": "layers"},
        }
    )
    config_name = f"{hashlib.sha256(described).hexdigest()}.json"
    layer_name = f"{diff_id.removeprefix('sha256:')}/layer.tar"
    manifest = _json([{"Config": config_name, "Layers": [layer_name], "RepoTags": [name]}])
    with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, "manifest.json", Content(manifest))
        _add(archive, config_name, Content(described))
        _add(archive, layer_name, Content(layer))


def _add(archive: tarfile.TarFile, path: str, entry: Entry) -> None:
    info = tarfile.TarInfo(path)
    match entry:
        case Folder(mode):
            info.type, info.mode = tarfile.DIRTYPE, mode
            archive.addfile(info)
        case Link(target):
            info.type, info.mode, info.linkname = tarfile.SYMTYPE, 0o777, target
            archive.addfile(info)
        case Content(bytes() as data, mode):
            info.size, info.mode = len(data), mode
            archive.addfile(info, io.BytesIO(data))
        case Content(Path() as source, mode):
            info.size, info.mode = source.stat().st_size, mode
            with source.open("rb") as stream:
                archive.addfile(info, stream)


def _above(path: str) -> list[str]:
    return [str(parent) for parent in PurePosixPath(path).parents if str(parent) != "."]


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
