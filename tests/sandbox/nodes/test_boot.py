"""What the first process of a node does without new namespaces; the rest is in `test_real_node.py`."""

import os
import socket
from pathlib import Path

import pytest

from sandbox.nodes import boot
from sandbox.nodes.boot import Boot, Program, read_boot


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "logs").mkdir()
    monkeypatch.setattr(boot, "HOME", str(tmp_path))
    return tmp_path


def test_what_it_is_told_survives_its_file(tmp_path: Path) -> None:
    told = Boot(
        folder="/state/east",
        root="/cache/rootfs",
        binaries={"kubelet": "/cache/kubelet"},
        images=("/cache/a.tar", "/cache/b.tar"),
        api=("10.66.0.11", 20_001),
        programs=(Program("kubelet", ("kubelet", "--config=/x")), Program("kube-proxy", ("kube-proxy",))),
    )

    told.write(tmp_path / "node.json")

    assert read_boot(tmp_path / "node.json") == told


def test_a_program_runs_with_the_nodes_environment_and_its_output_is_in_its_log(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "of the machine")

    os.waitpid(boot._start(Program("shell", ("sh", "-c", "echo $HOME $SECRET $PATH; echo oops >&2"))), 0)

    assert (home / "logs/shell.log").read_text().splitlines() == [f"/root {boot._PATH}", "oops"]


@pytest.mark.usefixtures("home")
def test_a_program_that_the_root_file_system_lacks_is_named() -> None:
    with pytest.raises(SystemExit, match="no program frobnicate"):
        boot._start(Program("frobnicate", ("frobnicate",)))


def test_what_ended_is_told_with_the_end_of_its_log(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "logs/kubelet.log").write_text("\n".join(map(str, range(30))))

    boot._tell_end("kubelet", 1)

    said = capsys.readouterr().out.splitlines()
    assert said[0] == "kubelet ended with status 1; the end of its log:"
    assert [line.strip() for line in said[1:]] == [str(number) for number in range(20, 30)]


def test_a_server_accepts_once_it_listens() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        assert not boot._accepts(server.getsockname())
        server.listen()
        assert boot._accepts(server.getsockname())


def test_waiting_ends_when_it_holds_or_with_what_did_not(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter((False, False, True))
    boot._wait(lambda: next(answers), "never")
    monkeypatch.setattr(boot, "_START_SECONDS", 0.0)

    with pytest.raises(SystemExit, match="containerd does not answer"):
        boot._wait(lambda: False, "containerd does not answer")
