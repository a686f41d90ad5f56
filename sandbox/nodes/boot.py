"""The first process of a node: `python -m sandbox.nodes.boot NODE.json`, alone in new mount and PID namespaces.

It puts the node's file system together, moves into it, starts the programs and reaps what they leave behind. When it
ends, whatever the reason, the kernel ends everything in the node and undoes its mounts.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox.nodes.settings import HOME, PROGRAMS, SOCKET
from sandbox.process import last_lines

if TYPE_CHECKING:
    from collections.abc import Callable

# kubelet sets these for the whole machine; here it finds files of its own in their place.
_SETTINGS: Final = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
_KEPT: Final = {"containerd": "var/lib/containerd", "kubelet": "var/lib/kubelet", "log": "var/log"}
"""Folders of the node that are on the disk, in the cluster's folder: an overlay cannot hold containers' layers."""
_PATH: Final = f"{PROGRAMS}:/usr/sbin:/usr/bin:/sbin:/bin"
_START_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.05
_SHOWN_LINES: Final = 10


@dataclass(frozen=True, slots=True)
class Program:
    """A program of the node: its name, which is its log's, and its command line."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Boot:
    """What the first process is told; all paths are the machine's.

    Before the programs start, the images are imported and the API server (host and port) accepts connections.
    """

    folder: str
    root: str
    binaries: dict[str, str]
    images: tuple[str, ...]
    api: tuple[str, int]
    programs: tuple[Program, ...]

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")


def read_boot(path: Path) -> Boot:
    """Read what `Boot.write` wrote."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    programs = tuple(Program(item["name"], tuple(item["arguments"])) for item in raw.pop("programs"))
    return Boot(**{**raw, "images": tuple(raw["images"]), "api": tuple(raw["api"]), "programs": programs})


def main(arguments: list[str]) -> int:
    """Boot, then wait for the first program that ends; returns 1, as none of them should."""
    boot = read_boot(Path(arguments[0]))
    _move_in(_assemble(boot))
    running = {_start(Program("containerd", ("containerd", "--config", f"{HOME}/containerd.toml"))): "containerd"}
    _wait(_containerd_answers, "containerd does not answer")
    for number in range(len(boot.images)):
        _import(_image(number))
    _wait(lambda: _accepts(boot.api), f"the API server at {boot.api[0]}:{boot.api[1]} does not answer")
    running |= {_start(program): program.name for program in boot.programs}
    print("started", *running.values(), flush=True)
    while True:
        pid, status = os.wait()
        if pid in running:
            _tell_end(running[pid], os.waitstatus_to_exitcode(status))
            return 1


def _tell_end(program: str, status: int) -> None:
    """Say which program ended; this process's own log is the one that is shown to a person."""
    print(f"{program} ended with status {status}; the end of its log:")
    for line in last_lines(_log(program), _SHOWN_LINES):
        print(f"  {line}", flush=True)


def _assemble(boot: Boot) -> Path:
    """Mount the node's file system: the packages below, everything that changes above."""
    folder, root = Path(boot.folder), Path(boot.folder, "root")
    scratch = folder / "scratch"
    for path in (root, scratch):
        path.mkdir(exist_ok=True)
    _mount("--make-rprivate", "/")
    _mount("-t", "tmpfs", "tmpfs", str(scratch))
    (scratch / "upper").mkdir()
    (scratch / "work").mkdir()
    layers = f"lowerdir={boot.root},upperdir={scratch / 'upper'},workdir={scratch / 'work'}"
    _mount("-t", "overlay", "overlay", "-o", layers, str(root))
    _mount("-t", "proc", "proc", str(root / "proc"))
    _mount("-t", "sysfs", "sysfs", str(root / "sys"))
    _mount("--rbind", "/sys/fs/cgroup", str(root / "sys/fs/cgroup"))
    _mount("--rbind", "/dev", str(root / "dev"))
    for place in ("run", "tmp"):
        _mount("-t", "tmpfs", "tmpfs", str(root / place))
    for name, place in _KEPT.items():
        (folder / name).mkdir(exist_ok=True)
        _bind(folder / name, root / place)
    _bind(folder, root / HOME.lstrip("/"))
    for name, binary in boot.binaries.items():
        _bind(Path(binary), root / PROGRAMS.lstrip("/") / name)
    for number, archive in enumerate(boot.images):
        _bind(Path(archive), root / _image(number).lstrip("/"))
    for setting in _SETTINGS:
        _shield(scratch, root, setting)
    cni = root / "etc/cni/net.d"
    cni.mkdir(parents=True, exist_ok=True)
    (cni / "10-pods.conflist").write_bytes((folder / "cni.json").read_bytes())
    return root


def _shield(scratch: Path, root: Path, setting: str) -> None:
    real = root / "proc/sys" / setting
    if real.exists():
        own = scratch / setting.replace("/", ".")
        own.write_bytes(real.read_bytes())
        _mount("--bind", str(own), str(real))


def _bind(source: Path, target: Path) -> None:
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    _mount("--bind", str(source), str(target))


def _mount(*arguments: str) -> None:
    subprocess.run(("mount", *arguments), check=True)


def _move_in(root: Path) -> None:
    """Make the assembled file system the root; what was there before is not seen any more."""
    old = root / "mnt"
    subprocess.run(("pivot_root", str(root), str(old)), check=True)
    os.chdir("/")
    environment = {"PATH": _PATH}
    subprocess.run(("umount", "--lazy", "/mnt"), check=True, env=environment)
    # As on any machine: kubelet and containerd hand mounts on to pods.
    subprocess.run(("mount", "--make-rshared", "/"), check=True, env=environment)


def _start(program: Program) -> int:
    """Start a program of the node; its output goes to a log in the cluster's folder."""
    log = os.open(_log(program.name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    actions = ((os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2))
    command = _which(program.arguments[0])
    try:
        environment = {"PATH": _PATH, "HOME": "/root"}
        return os.posix_spawn(command, program.arguments, environment, file_actions=actions, setpgroup=0)
    finally:
        os.close(log)


def _log(program: str) -> Path:
    return Path(HOME, "logs", f"{program}.log")


def _which(name: str) -> str:
    for folder in _PATH.split(":"):
        path = f"{folder}/{name}"
        if os.access(path, os.X_OK):
            return path
    raise SystemExit(f"the node's file system has no program {name}")


def _image(number: int) -> str:
    return f"/run/images/{number}.tar"


def _import(image: str) -> None:
    command = ("ctr", "--address", SOCKET, "--namespace", "k8s.io", "images", "import", image)
    if subprocess.run(command, check=False, env={"PATH": _PATH}).returncode:
        raise SystemExit(f"containerd does not take the image {image}: what stands above says why")


def _containerd_answers() -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(SOCKET) == 0


def _accepts(server: tuple[str, int]) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(server) == 0


def _wait(ready: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise SystemExit(otherwise)
        time.sleep(_POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
