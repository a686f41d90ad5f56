import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from sandbox.errors import SandboxError
from sandbox.pids import birth_of
from sandbox.process import Command, Processes, free_ports, last_lines

ROOT = Path(__file__).parents[2]


def a_command(folder: Path, script: str, *, name: str = "program") -> Command:
    return Command(name, ("/bin/sh", "-c", script), folder, folder / "logs" / f"{name}.log", {"PATH": os.defpath})


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    with Processes(tmp_path) as running:
        yield running


def written(path: Path) -> bool:
    return path.exists() and path.read_text().endswith("\n")


def test_a_program_sees_its_own_environment_only_and_its_output_is_in_the_log(
    tmp_path: Path, processes: Processes
) -> None:
    child = processes.start(a_command(tmp_path, "echo home=$HOME; pwd; echo oops >&2; touch done; sleep 60"))

    child.wait_until((tmp_path / "done").exists, timeout=10)

    assert last_lines(child.command.log) == ["home=", str(tmp_path), "oops"]


def test_a_program_that_ends_before_it_is_ready_is_reported_with_its_last_lines(
    tmp_path: Path, processes: Processes
) -> None:
    child = processes.start(a_command(tmp_path, "seq 100; echo bad flag; exit 3"))

    with pytest.raises(SandboxError, match=re.compile("program ended with status 3.*100\n    bad flag", re.DOTALL)):
        child.wait_until(lambda: False, timeout=10)


def test_a_program_that_never_gets_ready_is_reported_with_its_last_lines(tmp_path: Path, processes: Processes) -> None:
    child = processes.start(a_command(tmp_path, "echo still busy; touch said; sleep 60"))
    child.wait_until((tmp_path / "said").exists, timeout=10)

    with pytest.raises(SandboxError, match=re.compile(r"not ready after 0\.1 s.*still busy", re.DOTALL)):
        child.wait_until(lambda: False, timeout=0.1)


def test_a_program_that_cannot_be_started_is_named(tmp_path: Path, processes: Processes) -> None:
    command = Command("etcd", (str(tmp_path / "missing"),), tmp_path, tmp_path / "etcd.log", {})

    with pytest.raises(SandboxError, match="etcd cannot be started"):
        processes.start(command)


def test_leaving_the_block_ends_programs_and_what_they_started(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        child = processes.start(a_command(tmp_path, "sleep 60 & echo $! > grandchild; wait"))
        child.wait_until(lambda: written(tmp_path / "grandchild"), timeout=10)
        grandchild = int((tmp_path / "grandchild").read_text())
        assert birth_of(grandchild) is not None

    assert birth_of(child.pid) is None
    assert birth_of(grandchild) is None


def test_a_program_that_ignores_sigterm_is_killed_after_the_grace(tmp_path: Path, processes: Processes) -> None:
    child = processes.start(a_command(tmp_path, "trap '' TERM; touch trapped; while :; do sleep 0.1; done"))
    child.wait_until((tmp_path / "trapped").exists, timeout=10)

    processes.stop(child, grace=0.2)

    assert child.status == -signal.SIGKILL


def test_a_stopped_program_may_clean_up_first(tmp_path: Path, processes: Processes) -> None:
    child = processes.start(
        a_command(tmp_path, "trap 'touch clean; exit 0' TERM; touch up; while :; do sleep 0.1; done")
    )
    child.wait_until((tmp_path / "up").exists, timeout=10)

    processes.stop(child)

    assert (tmp_path / "clean").exists()


def test_a_program_that_died_is_noticed(tmp_path: Path, processes: Processes) -> None:
    alive = processes.start(a_command(tmp_path, "sleep 60", name="alive"))
    dead = processes.start(a_command(tmp_path, "sleep 60", name="dead"))
    os.kill(dead.pid, signal.SIGKILL)
    alive.wait_until(lambda: dead.status is not None, timeout=10)

    assert processes.ended() == [dead]


def test_a_restarted_program_goes_on_with_its_log_and_a_new_sandbox_begins_anew(tmp_path: Path) -> None:
    for _ in range(2):
        with Processes(tmp_path) as processes:
            for word in ("first", "second"):
                child = processes.start(a_command(tmp_path, f"echo {word}; touch {word}; sleep 60"))
                child.wait_until((tmp_path / word).exists, timeout=10)
                processes.stop(child)
                (tmp_path / word).unlink()

    assert last_lines(child.command.log) == ["first", "second"]


def test_nothing_starts_once_the_sandbox_is_stopping(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    processes.close()

    with pytest.raises(SandboxError, match="the sandbox is stopping"):
        processes.start(a_command(tmp_path, "sleep 60"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_to_the_sandbox_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    script = (
        "import sys, time; from pathlib import Path; from sandbox.process import *\n"
        "folder = Path(sys.argv[1])\n"
        "with interruptible(), Processes(folder) as processes:\n"
        "    command = Command('x', ('/bin/sleep', '60'), folder, folder / 'x.log', {})\n"
        "    print(processes.start(command).pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as sandbox:
        assert sandbox.stdout is not None
        child = int(sandbox.stdout.readline())
        assert birth_of(child) is not None

        sandbox.send_signal(number)

    assert birth_of(child) is None


def test_programs_can_be_started_from_several_threads(tmp_path: Path, processes: Processes) -> None:
    commands = [a_command(tmp_path, "sleep 60", name=f"p{number}") for number in range(8)]
    threads = [threading.Thread(target=processes.start, args=(command,)) for command in commands]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {f'"{command.name}"' for command in commands} <= set(
        (tmp_path / "processes.json").read_text().replace(",", "").split()
    )


def test_chosen_ports_differ_and_are_free() -> None:
    ports = free_ports(20, Random(1))  # noqa: S311 - a seed, not a secret

    assert len(set(ports)) == 20
    for port in ports:
        with closing(socket.socket()) as server:
            server.bind(("127.0.0.1", port))


def test_a_port_in_use_is_not_chosen() -> None:
    (first, second) = free_ports(2, Random(7))  # noqa: S311 - a seed, not a secret

    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", first))
        assert free_ports(1, Random(7)) == (second,)  # noqa: S311 - a seed, not a secret


def test_a_program_with_nothing_to_save_is_killed_at_once(tmp_path: Path, processes: Processes) -> None:
    script = "trap 'touch asked' TERM; touch up; while :; do sleep 0.1; done"
    child = processes.start(replace(a_command(tmp_path, script), stop_signal=signal.SIGKILL))
    child.wait_until((tmp_path / "up").exists, timeout=10)

    processes.stop(child)

    assert child.status == -signal.SIGKILL
    assert not (tmp_path / "asked").exists()
