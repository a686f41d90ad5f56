"""A place for each cluster's pods in the machine's cgroups, of either version."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox.errors import SandboxError

ROOT: Final = Path("/sys/fs/cgroup")
_UNIFIED: Final = "cgroup.controllers"
# A new group of these has no CPUs and no memory nodes, and takes no process until it gets some.
_INHERITED: Final = ("cpuset.cpus", "cpuset.mems")


@dataclass(frozen=True, slots=True)
class Cgroups:
    """The groups below one name: `root` is where the machine's hierarchies are mounted."""

    name: str
    root: Path = ROOT

    def path(self, cluster: str) -> str:
        """Path of a cluster's group within each hierarchy, as kubelet's `cgroupRoot` wants it."""
        return f"/{self.name}/{cluster}"

    def create(self, cluster: str) -> None:
        """Make a cluster's group wherever kubelet will look for it; one that is there stays.

        SandboxError where that is not allowed: in a container the groups are often read-only, or the topmost group
        has processes of its own and so, with version 2, cannot give controllers to others.
        """
        for hierarchy in self._with_controllers():
            for group in (hierarchy / self.name, hierarchy / self.name / cluster):
                try:
                    group.mkdir(exist_ok=True)
                    _make_usable(group)
                except OSError as error:
                    raise SandboxError(f"the cgroup {group} cannot be made for a node's pods: {error}") from error

    def remove(self) -> None:
        """Remove all groups below the name; those with processes in them stay."""
        for hierarchy in self._hierarchies():
            top = hierarchy / self.name
            groups = [top, *(path for path in top.rglob("*") if path.is_dir())] if top.exists() else []
            for group in sorted(groups, reverse=True):
                with suppress(OSError):
                    group.rmdir()

    def _hierarchies(self) -> list[Path]:
        if not self.root.exists():
            return []
        if (self.root / _UNIFIED).exists():
            return [self.root]
        return sorted({path.resolve() for path in self.root.iterdir() if path.is_dir()})

    def _with_controllers(self) -> list[Path]:
        """Return the trees where kubelet looks; on a machine with both versions the unified one has no controllers."""
        trees = self._hierarchies()
        return trees if trees == [self.root] else [tree for tree in trees if not (tree / _UNIFIED).exists()]


def _make_usable(group: Path) -> None:
    """Give a group what its parent has: the controllers (version 2), or CPUs and memory nodes (version 1)."""
    parent = group.parent
    if (parent / _UNIFIED).exists():
        wanted = (parent / _UNIFIED).read_text().split()
        (parent / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in wanted))
        return
    for file in (group / name for name in _INHERITED):
        if file.exists() and not file.read_text().strip():
            file.write_text((parent / file.name).read_text())
