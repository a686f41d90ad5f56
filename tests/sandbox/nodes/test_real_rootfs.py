"""The real packages of this machine's distribution: needs apt's sources and, to enter what was made, root."""

import os
import signal
import subprocess
import tarfile
import time
from pathlib import Path

import pytest

from sandbox.nodes.images import NETSHOOT, PAUSE, SOCAT, Image, ensure_image
from sandbox.nodes.rootfs import ensure_rootfs

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may chroot"),
]


@pytest.fixture(scope="module")
def rootfs() -> Path:
    return ensure_rootfs(os.environ, print)  # noqa: TID251 - a door


def entered(root: Path, *command: str) -> str:
    """Run a command in there; its output, or a failure with what it said."""
    done = subprocess.run(
        ["chroot", str(root), *command],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        timeout=60,
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout + done.stderr


def unpacked(image: Image, rootfs: Path, folder: Path) -> Path:
    with tarfile.open(ensure_image(image, rootfs)) as archive:
        name = next(name for name in archive.getnames() if name.endswith("layer.tar"))
        layer = archive.extractfile(name)
        with tarfile.open(fileobj=layer) as files:
            files.extractall(folder, filter="tar")
    return folder


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("containerd", "--version"), "containerd "),
        (("runc", "--version"), "runc version"),
        (("nft", "--version"), "nftables v"),
        (("iptables", "--version"), "nf_tables"),
        (("ip6tables-restore", "--version"), "nf_tables"),
        (("conntrack", "--version"), "conntrack v"),
        (("ip", "-V"), "iproute2-"),
        (("findmnt", "--version"), "util-linux"),
        (("nc", "-h"), "OpenBSD netcat"),
        (("socat", "-V"), "socat version"),
        (("modprobe", "--version"), "kmod version"),
        (("sh", "-c", "exec readlink -f /bin/sh"), "/usr/bin/dash"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_a_node_starts_runs_in_its_root_file_system(rootfs: Path, command: tuple[str, ...], says: str) -> None:
    assert says in entered(rootfs, *command)


@pytest.mark.parametrize("image", [SOCAT, NETSHOOT], ids=lambda image: image.name)
def test_every_program_of_an_image_finds_its_libraries_there(image: Image, rootfs: Path, tmp_path: Path) -> None:
    root = unpacked(image, rootfs, tmp_path)
    programs = sorted(path.name for path in (*root.glob("usr/bin/*"), *root.glob("usr/sbin/*")))
    loader = next(path for path in (*root.glob("usr/lib64/ld-*"), *root.glob("usr/lib/ld-*")))

    for program in programs:
        path = entered(root, "sh", "-c", f"command -v -- /usr/bin/{program} || echo /usr/sbin/{program}").strip()
        assert "not found" not in entered(root, f"/{loader.relative_to(root)}", "--list", path)


def test_the_shell_of_the_tools_image_runs_the_tools_of_the_image(rootfs: Path, tmp_path: Path) -> None:
    """A shell with applets would run its own, and a check that something is out of reach would pass by that."""
    root = unpacked(NETSHOOT, rootfs, tmp_path)
    (root / "dev").mkdir()
    (root / "dev/null").touch()

    said = entered(root, "/bin/sh", "-c", "nc -h 2>&1; nslookup -version; type nc nslookup")

    assert "OpenBSD netcat" in said
    assert "nslookup 9." in said
    assert [line.split()[-1] for line in said.splitlines() if "alias for" in line] == [
        "/usr/bin/nc",
        "/usr/bin/nslookup",
    ]


def test_the_pause_program_waits_until_it_is_told_to_end(rootfs: Path, tmp_path: Path) -> None:
    root = unpacked(PAUSE, rootfs, tmp_path)
    command = ["unshare", "--pid", "--fork", "--kill-child", "chroot", str(root), *PAUSE.entrypoint]

    with subprocess.Popen(command) as outer:
        try:
            inner = first_child(outer)
            assert outer.poll() is None
            for _ in range(300):  # the first process of a namespace gets no signal before it asks for it
                if outer.poll() is not None:
                    break
                os.kill(inner, signal.SIGTERM)
                time.sleep(0.1)
            assert outer.poll() == 0
        finally:
            outer.kill()


def first_child(process: subprocess.Popen[bytes]) -> int:
    """Pid of its child once that has become the pause program."""
    for _ in range(300):
        for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            if Path(f"/proc/{child}/comm").read_text().strip() == "pause":
                return int(child)
        time.sleep(0.1)
    raise AssertionError("no pause program was started")
