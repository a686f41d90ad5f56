from pathlib import Path

import pytest

from sandbox.__main__ import main
from sandbox.nodes import entering
from sandbox.nodes.entering import lacking_capabilities, leave, missing


@pytest.fixture(autouse=True)
def able(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root of a Linux machine, as far as anybody asks."""
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(entering, "_own_capabilities", lambda: "CapEff:\t000001ffffffffff\n")


def test_other_systems_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")

    assert missing({}) == "real nodes need Linux, and this is Darwin"


def test_it_takes_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    assert (missing({}) or "").startswith("real nodes need root")


def test_a_root_that_may_not_make_networks_is_told_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entering, "_own_capabilities", lambda: "CapEff:\t00000000a80425fb\n")

    assert (missing({}) or "").startswith("real nodes need CAP_NET_ADMIN and CAP_SYS_ADMIN")


@pytest.mark.parametrize(
    ("effective", "lacking"),
    [("000001ffffffffff", []), ("000001ffffdfffff", ["CAP_SYS_ADMIN"]), ("0000000000200000", ["CAP_NET_ADMIN"])],
)
def test_capabilities_are_read_by_their_numbers(effective: str, lacking: list[str]) -> None:
    assert lacking_capabilities(f"Name:\tx\nCapPrm:\t0\nCapEff:\t{effective}\nCapBnd:\t0\n") == lacking


def test_tools_that_are_not_on_the_path_are_named(tmp_path: Path) -> None:
    for name in ("ip", "nsenter", "mount", "umount", "pivot_root"):
        (tmp_path / name).touch(mode=0o755)

    reason = missing({"PATH": str(tmp_path)})

    assert reason == "real nodes need unshare, sysctl of iproute2, util-linux and procps, not found on the PATH"


def test_a_distribution_without_apt_is_told_so(tmp_path: Path) -> None:
    for name in entering._TOOLS:
        (tmp_path / name).touch(mode=0o755)

    assert (missing({"PATH": str(tmp_path)}) or "").endswith("this machine has no apt-get")


def test_nothing_is_against_a_machine_that_has_it_all(tmp_path: Path) -> None:
    for name in (*entering._TOOLS, "apt-get"):
        (tmp_path / name).touch(mode=0o755)

    assert missing({"PATH": str(tmp_path)}) is None


def test_the_command_line_says_why_it_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    assert main(["up", "--nodes", "real", "--folder", str(tmp_path / "state")]) == 1
    assert "real nodes need root" in capsys.readouterr().out
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("system", ["Linux", "Darwin"])
def test_a_sandbox_without_real_nodes_has_nothing_to_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setenv("PATH", "")  # nor does it take a program

    leave(tmp_path)
