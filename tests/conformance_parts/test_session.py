"""How a session with conformance checks runs: which are left out, and which verdict each way to end gives."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.conformance.options import LEFT_OUT
from tests.conformance.specs import SPECS

ROOT = Path(__file__).resolve().parents[2]
SUITE = ROOT / "tests" / "conformance"

CHECKS = """
import pytest
from tests.conformance.specs import spec
from tests.conformance.verdicts import demand, need

@spec(9)
def test_demand():
    demand(False, "not what the specification demands")

@spec(5)
def test_need():
    need(False, "what the check rests on is missing")

@spec(1)
def test_error():
    raise ValueError("broken\\nin two lines")

@spec(8)
def test_skip():
    pytest.skip("too few clusters")

@spec(7)
def test_good():
    pass

@pytest.fixture
def leaving():
    yield
    raise ValueError("cannot tidy up")

@spec(6)
def test_untidy(leaving):
    pass

@pytest.mark.conformance
def test_three_clusters_agree():
    pass
"""


def _session(*arguments: str | Path) -> str:
    command = [sys.executable, "-m", "pytest", "-p", "no:randomly", "-p", "no:cacheprovider", "-vv", "--tb=no"]
    done = subprocess.run(
        [*command, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    return done.stdout + done.stderr


def _report(folder: Path) -> dict[str, Any]:
    report: dict[str, Any] = yaml.safe_load((folder / "report.yaml").read_text())
    return report


def test_every_spec_has_exactly_one_check() -> None:
    marked = [int(one) for path in SUITE.glob("test_*.py") for one in re.findall(r"\bspec\((\d+)\)", path.read_text())]

    assert sorted(marked) == list(SPECS) == list(range(1, len(SPECS) + 1))


def test_other_targets_do_not_see_the_checks() -> None:
    told = _session("-m", "not e2e", SUITE)

    deselected = re.search(r"(\d+) deselected", told)
    assert deselected
    assert int(deselected[1]) >= len(SPECS)
    assert "0 selected" in told
    assert LEFT_OUT not in told


def test_without_clusters_the_checks_are_left_out_and_it_is_said_why() -> None:
    told = _session("-m", "conformance", SUITE)

    skipped = re.search(r"(\d+) skipped", told)
    assert skipped
    assert int(skipped[1]) >= len(SPECS)
    assert LEFT_OUT in told


def test_a_context_that_is_not_there_is_the_suites_failure(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        "{apiVersion: v1, kind: Config, clusters: [], users: [], contexts: [{name: a, context: {cluster: a, user: a}}]}"
    )

    _session("-m", "conformance", SUITE, "--contexts=b", f"--kubeconfig={kubeconfig}", f"--report-folder={tmp_path}")

    report = _report(tmp_path)
    assert report["suitefailure"] == f"kubeconfig {kubeconfig} has no context 'b'; it has a"
    assert (report["passed"], report["total"]) == (0, len(SPECS))
    assert all(one["failed"] and one["conformant"] for group in report["groups"] for one in group["tests"])


def test_each_way_to_end_has_its_verdict(tmp_path: Path) -> None:
    checks = tmp_path / "test_checks.py"
    checks.write_text(CHECKS)
    folder = tmp_path / "report"

    told = _session("-p", "tests.conformance.conftest", checks, "--contexts=a", f"--report-folder={folder}")

    run = yaml.safe_load((folder / "run.yaml").read_text())
    assert {one["number"]: (one["conformant"], one["message"]) for one in run["specs"]} == {
        1: ("Unknown", "broken in two lines"),
        5: ("Unknown", "what the check rests on is missing"),
        6: ("Unknown", "cannot tidy up"),
        7: ("Yes", ""),
        8: ("Skipped", "too few clusters"),
        9: ("No", "not what the specification demands"),
    }
    assert [(one["title"], one["conformant"]) for one in run["beyond"]] == [("three clusters agree", "Yes")]
    assert "MCS API conformance: 1 of 6" in told
    assert told.index("test_error") < told.index("test_need") < told.index("test_demand")
