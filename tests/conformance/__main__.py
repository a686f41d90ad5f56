"""`python -m tests.conformance`: what `make conformance` calls, on clusters of the user or on a sandbox of its own."""

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from sandbox.nodes.entering import missing
from sandbox.nodes.network import Network

ROOT: Final = Path(__file__).resolve().parents[2]
STATE: Final = ROOT / ".sandbox" / "conformance"
REPORTS: Final = ROOT / "build" / "conformance"
SPECS: Final = "tests/conformance"
BEYOND: Final = "tests/conformance/beyond"


@dataclass(frozen=True, slots=True)
class Check:
    """One run of pytest: the contexts it is given, the folder whose checks it runs, and one it leaves out."""

    contexts: str
    checks: str
    but: str = ""

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
        ("east=dual", "west=dual", "north=ipv6"),
        (Check("east,west", SPECS, but=BEYOND), Check("east,west,north", BEYOND)),
    ),
)


def main(arguments: list[str]) -> int:
    """Run everything asked for; returns the exit status, 0 also when this machine cannot have real nodes."""
    options = _options(arguments)
    console = Console()
    if options.contexts:
        return _run(Check(options.contexts, SPECS, but=BEYOND).command(REPORTS / "contexts", options.kubeconfig))
    reason = missing(os.environ)  # noqa: TID251 - a door
    if reason:
        console.print(f"conformance is LEFT OUT: {reason}. With two clusters: make conformance CONTEXTS=a,b")
        return 0
    wanted = [trial for trial in TRIALS if trial.name in (options.only or [known.name for known in TRIALS])]
    statuses = [_try(trial, console) for _ in range(options.times) for trial in wanted]
    return max(statuses, default=0)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--contexts", default="", metavar="A,B", help="run the specs on clusters of your kubeconfig")
    parser.add_argument("--kubeconfig", default="", metavar="FILE", help="where the contexts are (default: as kubectl)")
    parser.add_argument("--times", type=int, default=1, help="how often in a row (%(default)s)")
    names = [trial.name for trial in TRIALS]
    parser.add_argument("--only", action="append", choices=names, help="one kind of sandbox; repeatable")
    return parser.parse_args(arguments)


def _try(trial: Trial, console: Console) -> int:
    """Start the trial's sandbox, run its checks in the sandbox's network, stop it whatever happens."""
    folder = STATE / trial.name
    sandbox = [sys.executable, "-m", "sandbox"]
    clusters = [f"--cluster={cluster}" for cluster in trial.clusters]
    began = time.monotonic()
    console.rule(f"{trial.name}: {' '.join(trial.clusters)}")
    try:
        status = _run([*sandbox, "up", "--nodes=real", f"--folder={folder}", *clusters])
        if status:
            return status
        up = time.monotonic()
        enter = Network(folder).enter_vpc()
        commands = [
            check.command(REPORTS / trial.name / Path(check.checks).name, str(folder / "kubeconfig"))
            for check in trial.checks
        ]
        status = max(_run([*enter, *command]) for command in commands)
        console.print(f"{trial.name}: up in {up - began:.0f} s, checks in {time.monotonic() - up:.0f} s")
        return status
    finally:
        _run([*sandbox, "down", f"--folder={folder}"])


def _run(command: list[str]) -> int:
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
