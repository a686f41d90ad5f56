"""On folders that look like the kernel's: what the kernel itself would put into a new group is there before."""

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
        (group / "cgroup.controllers").write_text("cpuset cpu memory pids\n")
    return Cgroups("mcs", root)


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


def test_with_version_2_a_groups_children_get_all_its_controllers(tmp_path: Path) -> None:
    version_2(tmp_path).create("east")

    for group in (tmp_path, tmp_path / "mcs"):
        assert (group / "cgroup.subtree_control").read_text() == "+cpuset +cpu +memory +pids"
    assert not (tmp_path / "mcs/east/cgroup.subtree_control").exists()


def test_a_group_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    cgroups = version_2(tmp_path)
    (tmp_path / "mcs/west").write_text("in the way")

    with pytest.raises(SandboxError, match=f"the cgroup {tmp_path}/mcs/west cannot be made"):
        cgroups.create("west")


def test_all_groups_below_the_name_are_removed_and_no_others(tmp_path: Path) -> None:
    for group in ("memory/mcs/east/kubepods/pod1", "memory/mcs/west", "unified/mcs/east", "memory/mcs-2/east"):
        (tmp_path / group).mkdir(parents=True)

    Cgroups("mcs", tmp_path).remove()

    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("*/*")) == ["memory/mcs-2"]


def test_a_machine_without_cgroups_has_none_to_remove(tmp_path: Path) -> None:
    Cgroups("mcs", tmp_path / "missing").remove()
