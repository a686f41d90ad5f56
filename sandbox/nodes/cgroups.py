"""A place for each cluster's pods in the machine's cgroups, of either version."""

from __future__ import annotations

import errno
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox.errors import SandboxError
from sandbox.nodes.controllers import AVAILABLE, NOTE, Controllers

ROOT: Final = Path("/sys/fs/cgroup")
# A new group of these has no CPUs and no memory nodes, and takes no process until it gets some.
_INHERITED: Final = ("cpuset.cpus", "cpuset.mems")
# A killed node's processes are gone a moment after its first one.
_ENDING_SECONDS: Final = 3.0
_POLL_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Cgroups:
    """The groups below one name: `root` is where the machine's hierarchies are mounted, `note` is as in Controllers."""

    name: str
    root: Path = ROOT
    note: Path = NOTE

    def path(self, cluster: str) -> str:
        """Path of a cluster's group within each hierarchy, as kubelet's `cgroupRoot` wants it."""
        return f"/{self.name}/{cluster}"

    def obstacle(self) -> str | None:
        """Say why groups cannot be made here, or None; each hierarchy gets a group to try, which is removed at once."""
        trees = self._with_controllers()
        if not trees:
            return f"there are no cgroups in {self.root}"
        for tree in trees:
            trial = tree / f"{self.name}-trial-{os.getpid()}"
            try:
                trial.mkdir(exist_ok=True)
                trial.rmdir()
                reason = self._controllers().obstacle() if _is_unified(tree) else None
            except OSError as error:
                return f"no cgroup can be made in {tree}: {error.strerror}"
            if reason:
                return reason
        return None

    def create(self, cluster: str) -> None:
        """Make a cluster's group wherever kubelet will look for it; one that is there stays.

        SandboxError where that is not allowed, which `obstacle` would have said before.
        """
        for hierarchy in self._with_controllers():
            for group in (hierarchy / self.name, hierarchy / self.name / cluster):
                try:
                    group.mkdir(exist_ok=True)
                    self._make_usable(group)
                except OSError as error:
                    raise SandboxError(f"the cgroup {group} cannot be made for a node's pods: {error}") from error

    def remove(self) -> list[str]:
        """Remove all groups below the name, and take back the controllers that were switched on for them.

        Processes that are ending are waited for. Groups with other processes in them stay; returns a sentence for
        whatever does.
        """
        deadline = time.monotonic() + _ENDING_SECONDS
        while _any_busy(refused := self._remove()) and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        told = [f"the cgroup {group} stays: {error.strerror}" for group, error in refused.items()]
        return [*told, *self._controllers().take_back()] if _is_unified(self.root) else told

    def _remove(self) -> dict[Path, OSError]:
        """Remove what can be removed; returns the innermost groups that could not, and why."""
        refused: dict[Path, OSError] = {}
        for hierarchy in self._hierarchies():
            top = hierarchy / self.name
            groups = [top, *(path for path in top.rglob("*") if path.is_dir())] if top.exists() else []
            for group in sorted(groups, reverse=True):
                try:
                    group.rmdir()
                except FileNotFoundError:
                    continue
                except OSError as error:
                    if not any(group in below.parents for below in refused):
                        refused[group] = error
        return refused

    def _controllers(self) -> Controllers:
        return Controllers(self.root, self.note)

    def _hierarchies(self) -> list[Path]:
        if not self.root.exists():
            return []
        if _is_unified(self.root):
            return [self.root]
        return sorted({path.resolve() for path in self.root.iterdir() if path.is_dir()})

    def _with_controllers(self) -> list[Path]:
        """Return the trees where kubelet looks; on a machine with both versions the unified one has no controllers."""
        trees = self._hierarchies()
        return trees if trees == [self.root] else [tree for tree in trees if not _is_unified(tree)]

    def _make_usable(self, group: Path) -> None:
        """Give a group what its parent has: the controllers (version 2), or CPUs and memory nodes (version 1)."""
        parent = group.parent
        if _is_unified(parent):
            self._controllers().give(group)
            return
        for file in (group / name for name in _INHERITED):
            if file.exists() and not file.read_text().strip():
                file.write_text((parent / file.name).read_text())


def _is_unified(tree: Path) -> bool:
    return (tree / AVAILABLE).exists()


def _any_busy(refused: dict[Path, OSError]) -> bool:
    return any(error.errno == errno.EBUSY for error in refused.values())
