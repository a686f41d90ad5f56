"""On folders that look like the kernel's: what the kernel itself would put into a new group is there before."""

import os
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.nodes.cgroups import Cgroups


def version_1(root: Path, *, own: str = "") -> Cgroups:
    """Make the hierarchies cpuset and memory, and one without controllers of version 2, as on a mixed machine."""
    for group, cpus in ((root / "cpuset", "0-3"), (root / "cpuset/mcs", own), (root / "cpuset/mcs/east", "")):
        group.mkdir(parents=True)
        (group / "cpuset.cpus").write_text(f"{cpus}\n")
        (group / "cpuset.mems").write_text("0\n" if cpus else "\n")
    (root / "memory").mkdir()
    (root / "mem").symlink_to("memory")
    (root / "unified").mkdir()
    (root / "unified/cgroup.controllers").write_text("\n")
    return Cgroups("mcs", root)


def version_2(root: Path) -> Cgroups:
    for group in (root, root / "mcs", root / "mcs/east"):
        group.mkdir(parents=True, exist_ok=True)
        (group / "cgroup.controllers").write_text("cpuset cpu io memory hugetlb pids rdma misc\n")
    (root / "cgroup.subtree_control").write_text("memory pids\n")
    return Cgroups("mcs", root, root / "note")


def test_kubelet_is_given_the_path_within_a_hierarchy() -> None:
    assert Cgroups("mcs").path("east") == "/mcs/east"


def test_with_version_1_each_hierarchy_gets_the_group_and_it_has_cpus(tmp_path: Path) -> None:
    version_1(tmp_path).create("east")

    assert (tmp_path / "memory/mcs/east").is_dir()
    for group in ("mcs", "mcs/east"):
        assert (tmp_path / "cpuset" / group / "cpuset.cpus").read_text() == "0-3\n"
        assert (tmp_path / "cpuset" / group / "cpuset.mems").read_text() == "0\n"
    assert not (tmp_path / "unified/mcs").exists()


def test_cpus_that_a_group_has_stay(tmp_path: Path) -> None:
    version_1(tmp_path, own="1").create("east")

    assert (tmp_path / "cpuset/mcs/east/cpuset.cpus").read_text() == "1\n"


def test_with_version_2_a_groups_children_get_what_kubelet_needs_and_no_more(tmp_path: Path) -> None:
    version_2(tmp_path).create("east")

    assert (tmp_path / "cgroup.subtree_control").read_text() == "+cpu +cpuset +hugetlb +io"
    assert (tmp_path / "mcs/cgroup.subtree_control").read_text() == "+cpu +cpuset +hugetlb +io +memory +pids"
    assert not (tmp_path / "mcs/east/cgroup.subtree_control").exists()


def test_a_group_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    cgroups = version_2(tmp_path)
    (tmp_path / "mcs/west").write_text("in the way")

    with pytest.raises(SandboxError, match=f"the cgroup {tmp_path}/mcs/west cannot be made"):
        cgroups.create("west")


def test_all_groups_below_the_name_are_removed_and_no_others(tmp_path: Path) -> None:
    for group in ("memory/mcs/east/kubepods/pod1", "memory/mcs/west", "unified/mcs/east", "memory/mcs-2/east"):
        (tmp_path / group).mkdir(parents=True)

    assert Cgroups("mcs", tmp_path).remove() == []

    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("*/*")) == ["memory/mcs-2"]


def test_of_groups_that_stay_the_innermost_are_told(tmp_path: Path) -> None:
    for group in ("memory/mcs/east/pod1", "memory/mcs/east/pod2", "pids/mcs/west"):
        (tmp_path / group).mkdir(parents=True)
    for busy in ("memory/mcs/east/pod1", "pids/mcs/west"):
        (tmp_path / busy / "1").touch()

    told = Cgroups("mcs", tmp_path).remove()

    places = ("memory/mcs/east/pod1", "pids/mcs/west")
    assert told == [f"the cgroup {tmp_path / place} stays: Directory not empty" for place in places]
    assert not (tmp_path / "memory/mcs/east/pod2").exists()


def test_a_machine_without_cgroups_has_none_to_remove_and_none_to_make(tmp_path: Path) -> None:
    cgroups = Cgroups("mcs", tmp_path / "missing")

    assert cgroups.remove() == []
    assert cgroups.obstacle() == f"there are no cgroups in {tmp_path}/missing"


def test_where_a_group_cannot_be_made_it_is_said_and_nothing_stays(tmp_path: Path) -> None:
    cgroups = version_1(tmp_path)
    assert cgroups.obstacle() is None
    (tmp_path / "pids").mkdir()
    (tmp_path / "pids" / f"mcs-trial-{os.getpid()}").touch()  # in the way

    assert cgroups.obstacle() == f"no cgroup can be made in {tmp_path}/pids: File exists"
    assert list(tmp_path.glob("memory/*")) == []


@pytest.mark.parametrize(
    ("type_of_root", "processes", "switched_on", "free"),
    [
        pytest.param("domain", "7\n", "memory pids", False, id="a-containers-top-with-processes"),
        pytest.param("domain", "", "memory pids", True, id="a-containers-top-without"),
        pytest.param(None, "7\n", "memory pids", True, id="the-machines-top"),
        pytest.param("domain", "7\n", "cpu cpuset hugetlb io memory pids", True, id="nothing-to-switch-on"),
    ],
)
def test_a_containers_top_group_must_have_no_processes(
    tmp_path: Path, type_of_root: str | None, processes: str, switched_on: str, *, free: bool
) -> None:
    cgroups = version_2(tmp_path)
    (tmp_path / "cgroup.procs").write_text(processes)
    (tmp_path / "cgroup.subtree_control").write_text(switched_on)
    if type_of_root:
        (tmp_path / "cgroup.type").write_text(type_of_root)

    reason = cgroups.obstacle()

    assert (reason is None) == free
    if reason:
        assert "has processes of its own, so it cannot give others cpu, cpuset, hugetlb, io" in reason
    assert (tmp_path / "cgroup.subtree_control").read_text() == switched_on
