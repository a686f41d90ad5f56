"""Controllers of cgroup version 2: switched on for sandboxes' groups, and off again when the last of them has gone."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NOTE: Final = Path("/run/cloudmap-mcs-controllers.json")
"""One for all sandboxes of a machine, and gone after a restart of it, as the groups are."""
AVAILABLE: Final = "cgroup.controllers"
SWITCHES: Final = "cgroup.subtree_control"

# Those that kubelet looks for in its pods' groups, and io.
_NEEDED: Final = ("cpu", "cpuset", "hugetlb", "io", "memory", "pids")


@dataclass(frozen=True, slots=True)
class Controllers:
    """Those of the tree below `root`; `note` remembers which were on before any sandbox, and the sandboxes' groups."""

    root: Path
    note: Path = NOTE

    def obstacle(self) -> str | None:
        """Say why groups below the root could not get controllers, or None; only looks. OSError if it may not look.

        The kernel lets only the topmost group of all have processes beside groups with controllers. In a container the
        root looks topmost and is not, which its file cgroup.type gives away.
        """
        lacking = self._off(self.root)
        if lacking and (self.root / "cgroup.type").exists() and (self.root / "cgroup.procs").read_text().strip():
            return (
                f"the cgroup {self.root} has processes of its own, so it cannot give others {', '.join(lacking)} "
                "(a container is to have the machine's cgroup namespace)"
            )
        return None

    def give(self, group: Path) -> None:
        """Give a group those of its parent's that pods need; OSError if that is not allowed."""
        parent = group.parent
        if parent == self.root:
            self._note(group.name)
        off = self._off(parent)
        if off:
            (parent / SWITCHES).write_text(" ".join(f"+{name}" for name in off))

    def take_back(self) -> list[str]:
        """Switch off in the root what was off before the first sandbox; as long as any has groups there, do nothing.

        That includes what container runtimes have switched on meanwhile, which is all there is. The kernel refuses
        where another group hands a controller on. Returns a sentence for what stays on.
        """
        if not os.access(self.note, os.W_OK):
            return []
        before, sandboxes = self._noted()
        if sandboxes:
            return []
        stay = [name for name in _words(self.root / SWITCHES) if name not in before and not self._switch_off(name)]
        self.note.unlink()
        if not stay:
            return []
        return [f"{', '.join(stay)} stays on in {self.root / SWITCHES}, as other groups use it"]

    def _off(self, parent: Path) -> list[str]:
        on, available = _words(parent / SWITCHES), _words(parent / AVAILABLE)
        return [name for name in _NEEDED if name in available and name not in on]

    def _switch_off(self, name: str) -> bool:
        with suppress(OSError):
            (self.root / SWITCHES).write_text(f"-{name}")
            return True
        return False

    def _note(self, sandbox: str) -> None:
        before, sandboxes = self._noted()
        if not sandboxes:
            before = _words(self.root / SWITCHES)
        self.note.write_text(json.dumps({"before": before, "sandboxes": sorted({*sandboxes, sandbox})}))

    def _noted(self) -> tuple[list[str], list[str]]:
        """Return what was on before, and the groups of sandboxes that are still there."""
        if not self.note.exists():
            return [], []
        noted = json.loads(self.note.read_text())
        return noted["before"], [name for name in noted["sandboxes"] if (self.root / name).exists()]


def _words(file: Path) -> list[str]:
    return file.read_text().split() if file.exists() else []
