"""What stands against real nodes in containers, and version 2's controllers, as the kernel has them: needs root."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.nodes.cgroups import ROOT, Cgroups
from sandbox.nodes.entering import missing
from tests.sandbox.nodes.machine import printed

REASON = missing(os.environ, Path(tempfile.gettempdir()))  # noqa: TID251 - a door
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(REASON is not None, reason=str(REASON))]

CHECKOUT = Path(__file__).resolve().parents[3]
ASK = """
import os, pathlib, sys
from sandbox.nodes.entering import missing
print(missing(os.environ, pathlib.Path(sys.argv[1])))
"""


def answer(folder: Path, *preparation: str) -> str:
    """What is missing for a sandbox in a folder, in mounts of its own that are prepared by shell commands."""
    script = "; ".join(("set -e", f"cd {CHECKOUT}", *preparation, f'exec {sys.executable} -c "$1" "$2"'))
    return printed("unshare", "--mount", "--propagation=private", "sh", "-c", script, "sh", ASK, str(folder)).strip()


def test_a_folder_on_an_overlay_is_refused_and_a_volume_in_it_is_not(tmp_path: Path) -> None:
    for name in ("lower/volume", "upper", "work", "merged", "disk"):
        (tmp_path / name).mkdir(parents=True)
    merged = tmp_path / "merged"
    layers = f"lowerdir={tmp_path}/lower,upperdir={tmp_path}/upper,workdir={tmp_path}/work"
    mount = f"mount -t overlay overlay -o {layers} {merged}"
    volume = f"mount --bind {tmp_path}/disk {merged}/volume"

    assert "on overlay, which cannot hold them: in a container mount a volume there" in answer(merged / "state", mount)
    assert answer(merged / "volume/state", mount, volume) == "None"


def test_cgroups_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    places = [place for place in mounts if place.startswith("/sys/fs/cgroup")]

    told = answer(tmp_path, *(f"mount -o remount,bind,ro {place}" for place in places))

    assert told.startswith("real nodes need cgroups of their own, and no cgroup can be made in /sys/fs/cgroup")
    assert told.endswith("Read-only file system")


@pytest.fixture
def unified(tmp_path: Path) -> Iterator[Path]:
    """A group of version 2 that looks like a container's top, with a controller that nothing below it has yet."""
    tree = ROOT if (ROOT / "cgroup.controllers").exists() else ROOT / "unified"
    if "hugetlb" not in _words(tree / "cgroup.controllers"):
        pytest.skip("this machine has no controller hugetlb for cgroups of version 2")
    was_on = "hugetlb" in _words(tree / "cgroup.subtree_control")
    top = tree / f"test-{tmp_path.name}-{os.getpid()}"
    try:
        (tree / "cgroup.subtree_control").write_text("+hugetlb")
        top.mkdir()
        yield top
    finally:
        for group in sorted((top, *(path for path in top.rglob("*") if path.is_dir())), reverse=True):
            group.rmdir()
        if not was_on:
            (tree / "cgroup.subtree_control").write_text("-hugetlb")


def test_the_kernel_takes_the_switches_and_has_them_as_before_in_the_end(unified: Path, tmp_path: Path) -> None:
    first, second = (Cgroups(name, unified, tmp_path / "note") for name in ("mcs-a", "mcs-b"))

    assert first.obstacle() is None
    first.create("east")
    second.create("east")
    assert "hugetlb" in _words(unified / "mcs-a/east/cgroup.controllers")

    assert first.remove() == []
    assert "hugetlb" in _words(unified / "mcs-b/east/cgroup.controllers")
    assert second.remove() == []
    assert _words(unified / "cgroup.subtree_control") == []
    assert [path.name for path in unified.iterdir() if path.is_dir()] == []


def test_a_controller_that_others_hand_on_stays_and_is_told(unified: Path, tmp_path: Path) -> None:
    cgroups = Cgroups("mcs-a", unified, tmp_path / "note")
    cgroups.create("east")
    (unified / "other").mkdir()
    (unified / "other/cgroup.subtree_control").write_text("+hugetlb")

    assert cgroups.remove() == [f"hugetlb stays on in {unified}/cgroup.subtree_control, as other groups use it"]
    assert _words(unified / "cgroup.subtree_control") == ["hugetlb"]


def test_a_group_with_a_process_stays_and_is_told(unified: Path, tmp_path: Path) -> None:
    cgroups = Cgroups("mcs-a", unified, tmp_path / "note")
    cgroups.create("east")
    cgroups.create("west")
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            (unified / "mcs-a/east/cgroup.procs").write_text(str(process.pid))

            assert cgroups.remove() == [f"the cgroup {unified}/mcs-a/east stays: Device or resource busy"]
            assert not (unified / "mcs-a/west").exists()
            assert _words(unified / "cgroup.subtree_control") == ["hugetlb"]
        finally:
            process.kill()
    assert cgroups.remove() == []
    assert _words(unified / "cgroup.subtree_control") == []


def test_a_containers_top_with_a_process_is_an_obstacle_as_the_kernel_refuses_it(unified: Path, tmp_path: Path) -> None:
    cgroups = Cgroups("mcs-a", unified, tmp_path / "note")
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            (unified / "cgroup.procs").write_text(str(process.pid))

            assert "has processes of its own, so it cannot give others hugetlb" in (cgroups.obstacle() or "")
            with pytest.raises(OSError, match="busy"):
                (unified / "cgroup.subtree_control").write_text("+hugetlb")
        finally:
            process.kill()


def _words(file: Path) -> list[str]:
    return file.read_text().split()
