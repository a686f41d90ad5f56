"""`python -m tests.conformance`: what `make conformance` calls, on clusters of the user or on a sandbox of its own."""

import argparse
import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from sandbox.nodes.entering import missing
from sandbox.nodes.network import Network
from sandbox.process import interruptible
from tests.conformance import specs
from tests.conformance.gate import unmet

ROOT: Final = Path(__file__).resolve().parents[2]
STATE: Final = ROOT / ".sandbox" / "conformance"
REPORTS: Final = ROOT / "build" / "conformance"
SANDBOX: Final = (sys.executable, "-m", "sandbox")
SPECS: Final = "tests/conformance"
BEYOND: Final = "tests/conformance/beyond"


@dataclass(frozen=True, slots=True)
class Check:
    """One run of pytest: the contexts it is given, the folder whose checks it runs, and one it leaves out.

    With `may_skip` a check may say that these clusters cannot show what it looks at.
    """

    contexts: str
    checks: str
    but: str = ""
    may_skip: bool = False

    def command(self, report: Path, kubeconfig: str) -> list[str]:
        found = [sys.executable, "-m", "pytest", "-p", "no:randomly", "-p", "no:cacheprovider", "-v", self.checks]
        found += [f"--contexts={self.contexts}", f"--report-folder={report}"]
        found += [f"--ignore={self.but}"] if self.but else []
        return found + ([f"--kubeconfig={kubeconfig}"] if kubeconfig else [])


@dataclass(frozen=True, slots=True)
class Trial:
    """One sandbox: its clusters with their IP families, and what is run on it."""

    name: str
    clusters: tuple[str, ...]
    checks: tuple[Check, ...]


TRIALS: Final = (
    Trial("ipv4", ("east=ipv4", "west=ipv4"), (Check("east,west", SPECS, but=BEYOND),)),
    Trial(
        "dual-stack",
        ("east=dual", "west=dual", "north=ipv6,stub-zone"),
        (Check("east,west", SPECS, but=BEYOND), Check("east,west,north", BEYOND)),
    ),
)


def main(arguments: list[str]) -> int:
    """Run everything asked for; returns the exit status, 0 also when this machine cannot have real nodes."""
    options = _options(arguments)
    console = Console()
    try:
        with interruptible():
            return _conform(options, console)
    except KeyboardInterrupt:
        console.print("interrupted; everything that was started has been stopped")
        return 130


def _conform(options: argparse.Namespace, console: Console) -> int:
    if options.contexts:
        checks = (Check(options.contexts, SPECS, but=BEYOND), Check(options.contexts, BEYOND, may_skip=True))
        given = [_passes(check, REPORTS / "contexts", options.kubeconfig, console) for check in checks]
        return int(not all(given))
    reason = None if options.stop else missing(os.environ, STATE)  # noqa: TID251 - a door
    if reason:
        console.print(f"conformance is LEFT OUT: {reason}. With two clusters: make conformance CONTEXTS=a,b")
        return 0
    wanted = [trial for trial in TRIALS if trial.name in (options.only or [known.name for known in TRIALS])]
    with _alone() as is_alone:
        if not is_alone:
            console.print("another conformance run is under way in this checkout: wait for it, or end it there")
            return int(not options.stop)
        if options.stop:
            stopped = [_stop(STATE / trial.name) for trial in wanted]
            return int(not all(stopped))
        passed = [_try(trial, console) for _ in range(options.times) for trial in wanted]
    return int(not all(passed))


@contextmanager
def _alone() -> Iterator[bool]:
    """Tell whether no other run is under way, and keep others from starting one meanwhile."""
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _stop(folder: Path) -> bool:
    if not (folder / "processes.json").exists():
        return True
    return _succeeds([*SANDBOX, "down", f"--folder={folder}"])


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--contexts", default="", metavar="A,B", help="run the specs on clusters of your kubeconfig")
    parser.add_argument("--kubeconfig", default="", metavar="FILE", help="where the contexts are (default: as kubectl)")
    parser.add_argument("--stop", action="store_true", help="stop what a killed run left, run nothing")
    parser.add_argument("--times", type=int, default=1, help="how often in a row (%(default)s)")
    names = [trial.name for trial in TRIALS]
    parser.add_argument("--only", action="append", choices=names, help="one kind of sandbox; repeatable")
    return parser.parse_args(arguments)


def _try(trial: Trial, console: Console) -> bool:
    """Start the trial's sandbox, run its checks in the sandbox's network, stop it; tells whether all passed."""
    folder = STATE / trial.name
    clusters = [f"--cluster={cluster}" for cluster in trial.clusters]
    began = time.monotonic()
    console.rule(f"{trial.name}: {' '.join(trial.clusters)}")
    try:
        if not _succeeds([*SANDBOX, "up", "--nodes=real", f"--folder={folder}", *clusters]):
            return False
        up = time.monotonic()
        enter = Network(folder).enter_vpc()
        passed = [
            _passes(check, REPORTS / trial.name, str(folder / "kubeconfig"), console, enter=enter)
            for check in trial.checks
        ]
        console.print(f"{trial.name}: up in {up - began:.0f} s, checks in {time.monotonic() - up:.0f} s")
        return all(passed)
    finally:
        _succeeds([*SANDBOX, "down", f"--folder={folder}"])


def _passes(check: Check, reports: Path, kubeconfig: str, console: Console, *, enter: tuple[str, ...] = ()) -> bool:
    """Run one check; tells whether everything in it was made and passed. Its report gets a folder of its own."""
    report = reports / Path(check.checks).name
    shutil.rmtree(report, ignore_errors=True)
    succeeded = _succeeds([*enter, *check.command(report, kubeconfig)])
    lacking = unmet(report, specs.SPECS if check.checks == SPECS else (), may_skip=check.may_skip)
    for text in lacking:
        console.print(f"  {text}", style="red", highlight=False)
    return succeeded and not lacking


def _succeeds(command: list[str]) -> bool:
    """Run a command to its end; one that a signal ended did not succeed either."""
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
