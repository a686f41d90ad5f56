"""`python -m sandbox up|demo|down`: what `make sandbox`, `make demo` and `make down` call."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console

from sandbox.binaries.progress import Progress
from sandbox.demo.showing import show
from sandbox.errors import SandboxError
from sandbox.process import Processes, interruptible, stop_recorded
from sandbox.starting import Site, start

if TYPE_CHECKING:
    from sandbox.sandbox import Sandbox

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / ".sandbox"


def main(arguments: list[str]) -> int:
    """Run one of the commands; returns the exit status."""
    options = _options(arguments)
    console = Console()
    try:
        if options.command == "down":
            return _down(console)
        with interruptible():
            return _up(console, options)
    except SandboxError as error:
        console.print(str(error), style="red", highlight=False, markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("interrupted; everything that was started has been stopped")
        return 130


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("up", "start the sandbox and leave it running"), ("demo", "start it and show the main job")):
        command = commands.add_parser(name, help=text)
        command.add_argument("--operation-delay", default="100ms", help="of the Cloud Map simulator (%(default)s)")
    commands.add_parser("down", help="stop everything that runs in this checkout")
    return parser.parse_args(arguments)


def _up(console: Console, options: argparse.Namespace) -> int:
    processes = Processes(FOLDER)
    try:
        sandbox = _start(console, processes, options)
        status = show(sandbox, console) if options.command == "demo" else 0
    except BaseException:
        processes.close()
        raise
    _tell(console, sandbox)
    return status


def _start(console: Console, processes: Processes, options: argparse.Namespace) -> Sandbox:
    environ = dict(os.environ)  # noqa: TID251 - a door: here the environment comes in
    site = Site(ROOT, FOLDER, environ, processes, Progress(console), operation_delay=options.operation_delay)
    return start(site)


def _tell(console: Console, sandbox: Sandbox) -> None:
    console.print("\nThe sandbox stays up. Go on with:")
    for member in sandbox.members.values():
        console.print(f"  {sandbox.kubectl} --kubeconfig {member.kubeconfig} get serviceimports -A", soft_wrap=True)
    console.print("  make down    stops everything")


def _down(console: Console) -> int:
    stopped = stop_recorded(FOLDER)
    (FOLDER / "sandbox.json").unlink(missing_ok=True)
    console.print(f"stopped {len(stopped)} processes" if stopped else "nothing was running")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
