from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.nodes.network import Network


def test_sandboxes_in_two_folders_do_not_meet() -> None:
    one, two = Network(Path("/a/.sandbox")), Network(Path("/b/.sandbox"))

    assert one.vpc != two.vpc
    assert one.enter("east") != two.enter("east")
    assert not one.vpc.name.startswith(two.name)


def test_a_folder_spelled_otherwise_is_the_same_network(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)

    assert Network(tmp_path / "link" / "x").vpc == Network(tmp_path / "y" / ".." / "x").vpc


def test_a_cluster_called_vpc_has_a_network_of_its_own() -> None:
    network = Network(Path("/a"))

    assert network.enter("vpc") != network.enter_vpc()


def test_a_network_that_is_not_there_has_nobody_inside(tmp_path: Path) -> None:
    assert not Network(tmp_path).is_inside()


def test_a_program_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SandboxError, match="need the program ip, which is not installed here"):
        Network(tmp_path).create({})
