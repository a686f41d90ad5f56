"""On folders that look like the kernel's; what the kernel itself does is in test_real_cgroups.py."""

import json
from pathlib import Path

import pytest

from sandbox.nodes.controllers import Controllers

ALL = "cpuset cpu io memory hugetlb pids rdma"


@pytest.fixture
def controllers(tmp_path: Path) -> Controllers:
    (tmp_path / "cgroup.controllers").write_text(f"{ALL}\n")
    (tmp_path / "cgroup.subtree_control").write_text("memory pids\n")
    return Controllers(tmp_path, tmp_path / "note")


def switches(controllers: Controllers, *, on: str | None = None) -> str:
    """What was last written there; `on` is what the kernel then says."""
    file = controllers.root / "cgroup.subtree_control"
    written = file.read_text()
    if on is not None:
        file.write_text(on)
    return written


def add(controllers: Controllers, sandbox: str) -> Path:
    group = controllers.root / sandbox
    group.mkdir()
    controllers.give(group)
    return group


def test_what_was_off_before_is_switched_off_also_what_runtimes_switched_on(controllers: Controllers) -> None:
    add(controllers, "mcs-a").rmdir()
    assert switches(controllers, on="memory pids rdma") == "+cpu +cpuset +hugetlb +io"

    assert controllers.take_back() == []
    assert switches(controllers) == "-rdma"
    assert not controllers.note.exists()


def test_the_last_of_two_sandboxes_takes_back_what_the_first_one_switched_on(controllers: Controllers) -> None:
    first = add(controllers, "mcs-a")
    switches(controllers, on="cpu cpuset hugetlb io memory pids")
    second = add(controllers, "mcs-b")

    first.rmdir()
    assert controllers.take_back() == []
    assert switches(controllers, on="cpu memory pids") == "cpu cpuset hugetlb io memory pids"

    second.rmdir()
    assert controllers.take_back() == []
    assert switches(controllers) == "-cpu"


def test_a_note_whose_sandboxes_are_gone_is_not_believed(controllers: Controllers) -> None:
    controllers.note.write_text(json.dumps({"before": [], "sandboxes": ["mcs-gone"]}))
    add(controllers, "mcs-a").rmdir()
    switches(controllers, on="memory pids")

    assert controllers.take_back() == []
    assert switches(controllers) == "memory pids"


def test_without_a_note_nothing_is_taken_back(controllers: Controllers) -> None:
    assert controllers.take_back() == []
    assert switches(controllers) == "memory pids\n"
