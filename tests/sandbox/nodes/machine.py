"""What a sandbox with real nodes could leave on the machine, or change of it."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox.nodes.boot import _SETTINGS
from sandbox.nodes.cgroups import ROOT, Cgroups
from sandbox.nodes.network import Network

_PROC: Final = Path("/proc")


@dataclass(frozen=True)
class Settings:
    """The machine's own network and kernel settings."""

    links: str
    routes: tuple[str, ...]
    kernel: tuple[str, ...]


def settings() -> Settings:
    return Settings(
        links=printed("ip", "-o", "link"),
        routes=tuple(printed("ip", family, "route", "show", "table", "all") for family in ("-4", "-6")),
        kernel=tuple(_PROC.joinpath("sys", name).read_text() for name in _SETTINGS),
    )


def printed(*command: str) -> str:
    """Run a command; its output, or a failure with what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def pids(kind: str, namespace: int) -> set[int]:
    """Numbers of the processes in a namespace: its kind as in /proc/PID/ns, and its inode."""
    found = set()
    for entry in _PROC.iterdir():
        try:
            if entry.name.isdigit() and os.stat(entry / "ns" / kind).st_ino == namespace:  # noqa: PTH116 - a link
                found.add(int(entry.name))
        except OSError:  # it ended meanwhile
            continue
    return found


def networks(network: Network) -> dict[str, int]:
    """The inodes of its network namespaces by their names."""
    return {path.name: path.stat().st_ino for path in Path("/run/netns").glob(f"{network.name}-*")}


def leftovers(folder: Path, inodes: dict[str, int]) -> list[str]:
    """Whatever is still there of the sandbox that was in a folder, and in network namespaces with these inodes."""
    network = Network(folder)
    found = [f"process {pid} in {name}" for name, inode in inodes.items() for pid in pids("net", inode)]
    found += [f"namespace {name}" for name in networks(network)]
    found += [f"cgroup {path}" for path in ROOT.glob(f"**/{Cgroups(network.name).name}")]
    mounts = _PROC.joinpath("self/mounts").read_text().splitlines()
    return found + [f"mount {line}" for line in mounts if network.name in line or str(folder) in line]
