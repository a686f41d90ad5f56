from functools import partial
from pathlib import Path

import pytest

from sandbox.__main__ import main
from sandbox.nodes import entering
from sandbox.nodes.cgroups import Cgroups
from sandbox.nodes.entering import lacking_capabilities, leave, missing
from sandbox.nodes.network import Network

STATE = Path("/state")
DISK = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
OVERLAY = "27 1 0:40 / / rw,relatime - overlay overlay rw,lowerdir=/a,upperdir=/b,workdir=/c\n"


@pytest.fixture(autouse=True)
def able(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of a Linux machine, as far as anybody asks; its cgroups are in the folder."""
    cgroups = tmp_path_factory.mktemp("cgroup")
    (cgroups / "memory").mkdir()
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(entering, "_own_capabilities", lambda: "CapEff:\t000001ffffffffff\n")
    monkeypatch.setattr(entering, "_mountinfo", lambda: DISK)
    monkeypatch.setattr(entering, "Cgroups", partial(Cgroups, root=cgroups, note=cgroups / "note"))
    return cgroups


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, str]:
    """An environment with all programs."""
    for name in (*entering._TOOLS, "apt-get"):
        (tmp_path / name).touch(mode=0o755)
    return {"PATH": str(tmp_path)}


def test_other_systems_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")

    assert missing({}, STATE) == "real nodes need Linux, and this is Darwin"


def test_it_takes_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    assert (missing({}, STATE) or "").startswith("real nodes need root")


def test_a_root_that_may_not_make_networks_is_told_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entering, "_own_capabilities", lambda: "CapEff:\t00000000a80425fb\n")

    assert (missing({}, STATE) or "").startswith("real nodes need CAP_NET_ADMIN and CAP_SYS_ADMIN")


@pytest.mark.parametrize(
    ("effective", "lacking"),
    [("000001ffffffffff", []), ("000001ffffdfffff", ["CAP_SYS_ADMIN"]), ("0000000000200000", ["CAP_NET_ADMIN"])],
)
def test_capabilities_are_read_by_their_numbers(effective: str, lacking: list[str]) -> None:
    assert lacking_capabilities(f"Name:\tx\nCapPrm:\t0\nCapEff:\t{effective}\nCapBnd:\t0\n") == lacking


def test_tools_that_are_not_on_the_path_are_named(tmp_path: Path) -> None:
    for name in ("ip", "nsenter", "mount", "umount", "pivot_root"):
        (tmp_path / name).touch(mode=0o755)

    reason = missing({"PATH": str(tmp_path)}, STATE)

    assert reason == "real nodes need unshare, sysctl of iproute2, util-linux and procps, not found on the PATH"


def test_a_distribution_without_apt_is_told_so(tmp_path: Path) -> None:
    for name in entering._TOOLS:
        (tmp_path / name).touch(mode=0o755)

    assert (missing({"PATH": str(tmp_path)}, STATE) or "").endswith("this machine has no apt-get")


def test_containers_layers_take_a_disk(programs: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entering, "_mountinfo", lambda: OVERLAY)

    assert missing(programs, STATE) == (
        "real nodes keep containers' layers in /state, on overlay, which cannot hold them: "
        "in a container mount a volume there"
    )


def test_what_is_against_cgroups_is_said(programs: dict[str, str], able: Path) -> None:
    (able / "memory").rmdir()

    assert missing(programs, STATE) == f"real nodes need cgroups of their own, and there are no cgroups in {able}"


def test_nothing_is_against_a_machine_that_has_it_all_and_nothing_is_made_there(
    programs: dict[str, str], able: Path
) -> None:
    assert missing(programs, STATE) is None
    assert [path.name for path in able.rglob("*")] == ["memory"]


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

    assert leave(tmp_path) == []


def test_down_tells_what_stays(tmp_path: Path, able: Path, capsys: pytest.CaptureFixture[str]) -> None:
    busy = able / "memory" / Network(tmp_path).name / "east"
    (busy / "process").mkdir(parents=True)
    (busy / "process" / "1").touch()  # a folder with something in it is as hard to remove as a group with processes

    assert main(["down", "--folder", str(tmp_path)]) == 0
    assert f"the cgroup {busy}/process stays: " in capsys.readouterr().out


def test_of_a_stopped_cluster_the_images_go_and_the_logs_stay(tmp_path: Path, able: Path) -> None:
    for name in ("containerd/layers/1", "logs/kubelet.log"):
        file = tmp_path / "clusters" / "east" / name
        file.parent.mkdir(parents=True)
        file.touch()

    assert leave(tmp_path) == []
    assert [path.name for path in (tmp_path / "clusters" / "east").iterdir()] == ["logs"]
    assert able.exists()
