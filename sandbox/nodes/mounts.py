"""Which file system a folder is on, and whether containers' layers can lie there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# The kernel takes none of these as the upper layer of an overlay, which needs extended attributes of its own, entry
# types and whiteouts (the kernel's documentation, overlayfs, "Upper and Lower").
_NO_LAYERS: Final = ("overlay", "nfs", "nfs4", "vfat", "exfat")

_ESCAPED: Final = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of /proc/PID/mountinfo: where, and the file system's type."""

    point: Path
    kind: str


def mounts(mountinfo: str) -> list[Mount]:
    """Read /proc/PID/mountinfo, proc(5); later mounts hide earlier ones."""
    found = []
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        found.append(Mount(Path(_plain(before.split()[4])), after.split()[0]))
    return found


def refuses_layers(folder: Path, mountinfo: str) -> str | None:
    """Give the type of the file system that the folder is on, or would be made on, if it cannot take layers."""
    place = next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())
    around = (mount for mount in mounts(mountinfo) if place.is_relative_to(mount.point))
    # Of equals max gives the first, and the last one mounted is what is seen.
    nearest = max(reversed(list(around)), key=lambda mount: len(mount.point.parts), default=None)
    return nearest.kind if nearest and nearest.kind in _NO_LAYERS else None


def _plain(text: str) -> str:
    """Undo the octal numbers that stand for spaces and the like."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), text)
