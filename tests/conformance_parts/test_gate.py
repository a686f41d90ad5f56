"""What lets a run of the conformance checks count as passed."""

from pathlib import Path

import pytest
import yaml

from sandbox.nodes.network import Network
from tests.conformance import __main__ as runner
from tests.conformance.gate import NO_REPORT, unmet
from tests.conformance.report import RUN
from tests.conformance.specs import SPECS


def _report(folder: Path, specs: dict[int, str], beyond: dict[str, str] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "specs": [{"number": number, "conformant": verdict} for number, verdict in specs.items()],
        "beyond": [{"title": title, "conformant": verdict} for title, verdict in (beyond or {}).items()],
    }
    (folder / RUN).write_text(yaml.safe_dump(content))
    return folder


@pytest.mark.parametrize(
    ("specs", "beyond", "lacking"),
    [
        ({1: "Yes", 2: "Yes"}, {}, []),
        ({1: "Yes", 2: "Yes"}, {"three clusters": "Yes"}, []),
        ({1: "Yes"}, {}, ["spec 2 was not made"]),
        ({1: "Yes", 2: "Skipped"}, {}, ["spec 2: Skipped"]),
        ({1: "No", 2: "Unknown"}, {}, ["spec 1: No", "spec 2: Unknown"]),
        ({1: "Yes", 2: "Yes"}, {"three clusters": "Skipped"}, ["three clusters: Skipped"]),
        ({}, {}, ["spec 1 was not made", "spec 2 was not made", "no check was made"]),
    ],
)
def test_everything_must_be_made_and_pass(
    tmp_path: Path, specs: dict[int, str], beyond: dict[str, str], lacking: list[str]
) -> None:
    assert unmet(_report(tmp_path, specs, beyond), (1, 2)) == lacking


def test_clusters_of_a_user_may_be_unable_to_show_a_case(tmp_path: Path) -> None:
    report = _report(tmp_path, {}, {"three clusters": "Skipped", "a rollout": "Yes", "zones": "No"})

    assert unmet(report, (), may_skip=True) == ["zones: No"]


def test_without_a_report_nothing_was_shown(tmp_path: Path) -> None:
    assert unmet(tmp_path, (1,)) == [NO_REPORT]


class Commands:
    """Stands in for running commands: says how each kind ends, writes the report a check would, keeps the record."""

    def __init__(self, reports: Path, failing: tuple[str, ...] = ()) -> None:
        self.reports = reports
        self.failing = failing
        self.seen: list[str] = []

    def __call__(self, command: list[str]) -> bool:
        text = " ".join(command)
        kind = "up" if " up " in text else "down" if " down " in text else "beyond" if "beyond --c" in text else "specs"
        self.seen.append(kind)
        for argument in command:
            if argument.startswith("--report-folder="):
                folder = Path(argument.partition("=")[2])
                _report(folder, dict.fromkeys(SPECS, "Yes") if kind == "specs" else {}, {"more": "Yes"})
        return kind not in self.failing


@pytest.mark.parametrize(
    ("failing", "seen", "status"),
    [
        ((), ["up", "specs", "beyond", "down"], 0),
        (("specs",), ["up", "specs", "beyond", "down"], 1),
        (("beyond",), ["up", "specs", "beyond", "down"], 1),
        (("up",), ["up", "down"], 1),
    ],
)
def test_one_failure_fails_the_whole_and_the_sandbox_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: tuple[str, ...], seen: list[str], status: int
) -> None:
    commands = Commands(tmp_path, failing)
    monkeypatch.setattr(runner, "_succeeds", commands)
    monkeypatch.setattr(runner, "missing", lambda *_: None)
    monkeypatch.setattr(runner, "REPORTS", tmp_path)
    monkeypatch.setattr(runner, "STATE", tmp_path / "state")
    monkeypatch.setattr(Network, "enter_vpc", lambda _: ("enter",))

    assert runner.main(["--only", "dual-stack"]) == status
    assert commands.seen == seen


def test_what_a_killed_run_left_is_stopped_but_not_a_run_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = Commands(tmp_path)
    monkeypatch.setattr(runner, "_succeeds", commands)
    monkeypatch.setattr(runner, "STATE", tmp_path)
    (tmp_path / "ipv4").mkdir()
    (tmp_path / "ipv4" / "processes.json").touch()

    with runner._alone():
        assert runner.main(["--stop"]) == 0
        assert "another conformance run is under way" in capsys.readouterr().out
        assert commands.seen == []
    assert runner.main(["--stop"]) == 0
    assert commands.seen == ["down"]


def test_a_command_that_a_signal_ended_did_not_succeed() -> None:
    assert not runner._succeeds(["sh", "-c", "kill -9 $$"])
    assert runner._succeeds(["true"])


def test_a_machine_that_cannot_is_told_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(runner, "missing", lambda *_: "real nodes need Linux")

    assert runner.main([]) == 0
    assert "LEFT OUT: real nodes need Linux" in capsys.readouterr().out
