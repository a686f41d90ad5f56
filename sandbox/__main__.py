"""`python -m sandbox up|demo|down`: what `make sandbox`, `make demo` and `make down` call."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console

from sandbox.attached.telling import removal_commands
from sandbox.binaries.progress import Progress
from sandbox.cloudmaps import empty
from sandbox.demo.shell import kubectl
from sandbox.demo.showing import show, tell_exports
from sandbox.demo.tidying import tidy
from sandbox.demo.view import NAMESPACE
from sandbox.errors import SandboxError
from sandbox.process import Processes, interruptible, stop_recorded
from sandbox.sandbox import read_sandbox
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
            return _down(console, options)
        with interruptible():
            return _up(console, options)
    except SandboxError as error:
        console.print(str(error), style="red", highlight=False, markup=False, soft_wrap=True)
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
        command.add_argument(
            "--context", action="append", default=[], metavar="NAME", help="a cluster of your kubeconfig; repeatable"
        )
    down = commands.add_parser("down", help="stop everything that runs in this checkout")
    for command in commands.choices.values():
        text = "remove what it has of the clusterset, too" if command is down else "another Cloud Map"
        command.add_argument("--cloudmap-endpoint", default="", metavar="URL", help=text)
        command.add_argument(
            "--folder", type=Path, default=FOLDER, help="its state (default: .sandbox in the checkout)"
        )
    return parser.parse_args(arguments)


def _up(console: Console, options: argparse.Namespace) -> int:
    processes = Processes(options.folder)
    try:
        sandbox = _start(console, processes, options)
        if options.command == "demo":
            status = _demo(console, sandbox)
        else:
            tell_exports(sandbox, console)
            status = 0
    except BaseException:
        processes.close()
        raise
    _tell(console, sandbox)
    return status


def _start(console: Console, processes: Processes, options: argparse.Namespace) -> Sandbox:
    environ = dict(os.environ)  # noqa: TID251 - a door: here the environment comes in
    demo = options.command == "demo"
    if demo and len(options.context) == 1:
        raise SandboxError("the demo needs two clusters: name another --context, or none for two of its own")
    return start(
        Site(
            ROOT,
            options.folder.absolute(),
            environ,
            processes,
            Progress(console),
            operation_delay=options.operation_delay,
            contexts=options.context,
            fresh_namespaces=(NAMESPACE,) if demo else (),
            cloudmap_endpoint=options.cloudmap_endpoint,
        )
    )


def _demo(console: Console, sandbox: Sandbox) -> int:
    try:
        status = show(sandbox, console)
    finally:
        clean = tidy(sandbox, console)
    return status or int(not clean)


def _tell(console: Console, sandbox: Sandbox) -> None:
    console.print("\nThe sandbox stays up. Go on with, after the exports above:")
    for member in sandbox.members.values():
        command = shlex.join([*kubectl(member), "get", "serviceimports", "-A"])
        console.print(f"  {command}", soft_wrap=True, markup=False, highlight=False)
    console.print("  make down    stops everything")


def _down(console: Console, options: argparse.Namespace) -> int:
    stopped = stop_recorded(options.folder)
    console.print(f"stopped {len(stopped)} processes" if stopped else "nothing was running")
    noted = options.folder / "sandbox.json"
    if noted.exists():
        _tell_what_stays(console, read_sandbox(options.folder), removed=options.cloudmap_endpoint)
        noted.unlink()
    if options.cloudmap_endpoint:
        count = empty(options.cloudmap_endpoint)
        what = "nothing was there" if count is None else f"the clusterset's namespace and {count} services are removed"
        console.print(f"{options.cloudmap_endpoint}: {what}", highlight=False)
    return 0


def _tell_what_stays(console: Console, sandbox: Sandbox, *, removed: str) -> None:
    commands = removal_commands(list(sandbox.members.values()), sandbox.folder / "attached", sandbox.kubectl)
    if commands:
        console.print("what was installed into your clusters is still there; to remove it:")
    if sandbox.cloudmap_endpoint and sandbox.cloudmap_endpoint != removed:
        console.print("the clusterset's namespace is still in the other Cloud Map; to remove it:")
        commands = [*commands, f"make down CLOUDMAP_ENDPOINT={sandbox.cloudmap_endpoint}"]
    for command in commands:
        console.print(f"  {command}", soft_wrap=True, markup=False, highlight=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
