"""The root file system of nodes: distribution packages unpacked into the user's cache, not installed."""

from __future__ import annotations

import hashlib
import platform
import re
import time
from dataclasses import astuple, dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from infra.cache import cache_folder, made_once
from sandbox.errors import SandboxError
from sandbox.nodes.packages import fetched, unpack
from sandbox.nodes.rootfs_layout import MERGED, TEXTS
from sandbox.nodes.rootfs_libraries import exists, inside, libraries, linkage, program_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

# Raise it when the way of unpacking changes, so that no older folder is taken for a new one.
_LAYOUT: Final = "1"

_FOR_ALL: Final = ("/tmp", "/var/tmp")  # noqa: S108 - of the new root file system


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a root file system is made of.

    `links` and `texts` are what maintainer scripts and alternatives would have made: path and target or content.
    `folders` are empty ones, for mounts. `programs` must be found on the PATH with all their libraries,
    `files` must be there.
    """

    packages: tuple[str, ...]
    links: tuple[tuple[str, str], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    folders: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Changes with anything that changes the result, except newer versions of the packages."""
        return hashlib.sha256(repr((_LAYOUT, astuple(self))).encode()).hexdigest()[:12]


NODE: Final = Recipe(
    packages=(
        # os-release, which a node tells as its OS image, and the texts of the licences.
        "base-files",
        "bind9-dnsutils",
        "catatonit",
        "conntrack",
        "containerd",
        "containernetworking-plugins",
        "coreutils",
        "dash",
        "grep",
        "iproute2",
        "iptables",
        "kmod",
        "libc-bin",
        "mawk",
        "mount",
        "netbase",
        "netcat-openbsd",
        "nftables",
        "procps",
        "runc",
        "sed",
        "socat",
        "util-linux",
    ),
    links=(
        ("/usr/bin/sh", "dash"),
        ("/usr/bin/awk", "mawk"),
        ("/usr/bin/nc", "nc.openbsd"),
        ("/usr/sbin/iptables", "iptables-nft"),
        ("/usr/sbin/iptables-restore", "iptables-nft-restore"),
        ("/usr/sbin/iptables-save", "iptables-nft-save"),
        ("/usr/sbin/ip6tables", "ip6tables-nft"),
        ("/usr/sbin/ip6tables-restore", "ip6tables-nft-restore"),
        ("/usr/sbin/ip6tables-save", "ip6tables-nft-save"),
        ("/etc/os-release", "../usr/lib/os-release"),
        ("/var/run", "/run"),
    ),
    texts=(
        *TEXTS,
        # Empty: a node puts its own over them.
        ("/etc/hosts", ""),
        ("/etc/hostname", ""),
        ("/etc/machine-id", ""),
        ("/etc/resolv.conf", ""),
    ),
    folders=(
        "/dev",
        "/etc/cni/net.d",
        "/etc/containerd",
        "/etc/kubernetes",
        "/mnt",
        "/opt",
        "/proc",
        "/root",
        "/run",
        "/sys",
        "/var/lib/cni",
        "/var/lib/containerd",
        "/var/lib/etcd",
        "/var/lib/kubelet",
        "/var/log/containers",
        "/var/log/pods",
    ),
    programs=(
        *("awk", "basename", "blkid", "bridge", "cat", "catatonit", "chmod", "chown", "conntrack", "containerd"),
        *("containerd-shim-runc-v2", "cp", "ctr", "cut", "date", "df", "dig", "dmesg", "du", "echo", "env", "false"),
        *("findmnt", "flock", "free", "grep", "head", "host", "id", "ip", "ip6tables", "ip6tables-restore"),
        *("ip6tables-save", "iptables", "iptables-restore", "iptables-save", "kill", "ln", "losetup", "ls", "lsblk"),
        *("lsmod", "mkdir", "mktemp", "modprobe", "mount", "mountpoint", "mv", "nc", "nft", "nsenter", "nslookup"),
        *("pgrep", "pkill", "printf", "ps", "readlink", "rm", "rmdir", "runc", "sed", "seq", "setpriv", "sh", "sleep"),
        *("socat", "sort", "ss", "stat", "swapoff", "sync", "sysctl", "tail", "tc", "tee", "test", "timeout", "touch"),
        *("tr", "true", "umount", "uname", "uniq", "unshare", "wc", "xtables-nft-multi"),
    ),
    files=(
        "/usr/lib/cni/bridge",
        "/usr/lib/cni/host-local",
        "/usr/lib/cni/loopback",
        "/usr/lib/cni/portmap",
        "/usr/lib/cni/ptp",
    ),
)


def ensure_rootfs(environ: Mapping[str, str], say: Callable[[str], None], *, recipe: Recipe = NODE) -> Path:
    """Path of a root file system for nodes, made from this machine's package sources unless it is there.

    It is `rootfs` in a folder of `${XDG_CACHE_HOME:-~/.cache}/cloudmap-mcs/nodes` that is named after distribution,
    machine and recipe; `packages.txt` beside it tells the versions. It is shared by all clusters: mount it read-only
    or as a lower layer. Once made it is used as it is, without the network and without apt; to have newer packages,
    remove that folder. Nothing is installed on this machine, and no maintainer script runs.
    SandboxError if it cannot be made: with what is missing and what to do.
    """
    nodes = cache_folder(environ) / "nodes"
    finished = nodes / f"{_distribution()}-{platform.machine()}-{recipe.digest}"
    with made_once(finished) as folder:
        if folder is not None:
            start = time.monotonic()
            say("making the root file system of nodes (once, about 70 MB of packages; nothing is installed)")
            _make(folder, recipe, environ, say)
            say(f"made the root file system of nodes in {time.monotonic() - start:.0f} s")
    return finished / "rootfs"


def _make(folder: Path, recipe: Recipe, environ: Mapping[str, str], say: Callable[[str], None]) -> None:
    folder.chmod(0o755)
    root = folder / "rootfs"
    lay_out(root)
    with fetched(recipe.packages, folder=folder.parent, environ=environ, say=say) as debs:
        say(f"unpacking {len(debs)} packages")
        for deb in debs:
            unpack(deb, root, environ)
    (folder / "packages.txt").write_text("".join(sorted(f"{deb.name} {deb.version}\n" for deb in debs)))
    finish(root, recipe)


def lay_out(root: Path) -> None:
    """Make an empty root file system with a merged /usr: older packages still bring files for /bin and /lib."""
    for path in (root, root / "usr"):
        path.mkdir()
        path.chmod(0o755)
    for name in MERGED:
        (root / "usr" / name).mkdir(mode=0o755)
        (root / name).symlink_to(f"usr/{name}")


def finish(root: Path, recipe: Recipe) -> None:
    """Add what maintainer scripts would have made, then see that everything is there; SandboxError if not."""
    for path in (*recipe.folders, *_FOR_ALL):
        _within(root, path).mkdir(parents=True, exist_ok=True)
    for path in _FOR_ALL:
        _within(root, path).chmod(0o1777)
    for path, text in recipe.texts:
        file = _within(root, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_text(text)
    for path, target in recipe.links:
        link = _within(root, path)
        link.parent.mkdir(parents=True, exist_ok=True)
        _clear(link)
        link.symlink_to(target)
    _check(root, recipe)


def _clear(path: Path) -> None:
    """Remove what a package has in a link's place: a file, a link, or a folder with nothing in it."""
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def _check(root: Path, recipe: Recipe) -> None:
    missing = [path for path, _ in recipe.links if not exists(root, path)]
    missing += [path for path in recipe.files if not exists(root, path)]
    if missing:
        raise SandboxError(f"the packages of this distribution do not bring {', '.join(missing)}")
    todo = [program_path(root, name) for name in recipe.programs] + list(recipe.files)
    seen = set(todo)
    while todo:
        path = todo.pop()
        asks = linkage(inside(root, path))
        if asks is not None:
            new = set(libraries(root, asks, str(PurePosixPath(path).parent))) - seen
            seen |= new
            todo += sorted(new)


def _within(root: Path, path: str) -> Path:
    return root / path.removeprefix("/")


def _distribution() -> str:
    try:
        facts = platform.freedesktop_os_release()
    except OSError as error:
        raise SandboxError(
            "Real nodes are made from Debian or Ubuntu packages, and this machine does not say what it is "
            "(no /etc/os-release): use simulated nodes here."
        ) from error
    name = f"{facts['ID']}-{facts.get('VERSION_ID') or facts.get('VERSION_CODENAME') or 'rolling'}"
    return re.sub(r"[^a-z0-9.-]", "_", name.lower())
