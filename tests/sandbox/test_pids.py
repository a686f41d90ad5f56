import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.pids import ProcessRecord, Recorded, birth_of, end, is_running
from sandbox.process import stop_recorded


def started(script: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["/bin/sh", "-c", script], start_new_session=True, stdout=subprocess.PIPE)


def recorded(process: subprocess.Popen[bytes]) -> Recorded:
    return Recorded("program", process.pid, birth_of(process.pid) or "", "/log")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with started("sleep 60") as process:
        yield process
        process.kill()


def test_the_record_outlives_the_object_that_wrote_it(tmp_path: Path) -> None:
    one, two = Recorded("one", 1, "b1", "/log"), Recorded("two", 2, "b2", "/log")
    ProcessRecord(tmp_path).add(one)
    ProcessRecord(tmp_path).add(two)

    assert ProcessRecord(tmp_path).read() == [one, two]

    ProcessRecord(tmp_path).remove([one])

    assert ProcessRecord(tmp_path).read() == [two]


def test_a_folder_without_a_sandbox_has_nothing_to_stop(tmp_path: Path) -> None:
    assert stop_recorded(tmp_path / "missing") == []


def test_recorded_processes_are_stopped_from_elsewhere(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    process = recorded(sleeper)
    ProcessRecord(tmp_path).add(process)

    assert stop_recorded(tmp_path) == [process]
    assert birth_of(sleeper.pid) is None
    assert ProcessRecord(tmp_path).read() == []


def test_a_reused_number_is_never_signalled(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    process = recorded(sleeper)
    ProcessRecord(tmp_path).add(replace(process, birth=process.birth[:-1] + "x"))

    assert stop_recorded(tmp_path) == []
    assert is_running(process)
    assert ProcessRecord(tmp_path).read() == []


@pytest.mark.parametrize("grace", [5.0, 0.0])
def test_what_a_dead_leader_left_behind_is_ended(grace: float) -> None:
    with started("sleep 60 & echo $!; exec sleep 60") as leader:
        assert leader.stdout is not None
        orphan = int(leader.stdout.readline())
        process = recorded(leader)
        leader.kill()
        leader.wait()
        assert birth_of(orphan) is not None

        end([process], grace=grace)

    assert birth_of(orphan) is None


def test_an_ended_process_that_nobody_collected_counts_as_ended() -> None:
    with started("exit 0") as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

        assert birth_of(process.pid) is None
