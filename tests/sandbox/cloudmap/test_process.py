"""The simulator as a program."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.cloudmap.client import SimulatorAdmin

COMMAND = [sys.executable, "-m", "sandbox.cloudmap"]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_program_prints_where_it_listens_and_stops_at_a_signal(tmp_path: Path, stop: signal.Signals) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"health_delay": "2s", "lag": "1s"}')
    command = [*COMMAND, "--settings", str(file), "--operation-delay", "250ms", "--lag", "50ms"]

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        settings = SimulatorAdmin(line["url"]).settings()
        process.send_signal(stop)
        status = process.wait(20)

    assert line["url"] == f"http://127.0.0.1:{line['port']}"
    assert line["pid"] == process.pid
    assert (settings["operation_delay"]["fixed"], settings["lag"]["fixed"], settings["health_delay"]) == (0.25, 0.05, 2)
    assert status == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--lag", "soon"], "lag.fixed", id="bad-duration"),
        pytest.param(["--default-account", "me"], "default_account", id="bad-account"),
        pytest.param(["--settings", "nowhere.json"], "nowhere.json", id="no-file"),
    ],
)
def test_bad_option_is_refused_by_name(arguments: list[str], message: str) -> None:
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=30, check=False)

    assert (done.returncode, message in done.stderr) == (2, True)
