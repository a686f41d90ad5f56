"""`python -m sandbox up|demo|down`: what `make sandbox`, `make demo` and `make down` call."""

from __future__ import annotations

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
from sandbox.nodes.entering import enter, leave, real_nodes
from sandbox.nodes.network import Network
from sandbox.options import read
from sandbox.process import Processes, interruptible, stop_recorded
from sandbox.sandbox import read_sandbox
from sandbox.starting import Site, start

if TYPE_CHECKING:
    from sandbox.nodes.clusters import RealNodes
    from sandbox.options import Wanted
    from sandbox.sandbox import Sandbox

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / ".sandbox"


def main(arguments: list[str]) -> int:
    """Run one of the commands; returns the exit status."""
    console = Console()
    try:
        wanted = read(arguments, FOLDER)
        if wanted.command == "down":
            return _down(console, wanted)
        with interruptible():
            return _up(console, wanted)
    except SandboxError as error:
        console.print(str(error), style="red", highlight=False, markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("interrupted; everything that was started has been stopped")
        return 130


def _up(console: Console, wanted: Wanted) -> int:
    progress = Progress(console)
    if wanted.real_nodes and not Network(wanted.folder).is_inside():
        enter(ROOT, _real_nodes(wanted, progress), environ=_environ(), progress=progress)
    processes = Processes(wanted.folder)
    try:
        nodes = _real_nodes(wanted, progress) if wanted.real_nodes else None
        sandbox = _start(wanted, processes, progress, nodes)
        if wanted.command == "demo":
            status = _demo(console, sandbox)
        else:
            tell_exports(sandbox, console, enter=nodes.network.enter_vpc() if nodes else ())
            status = 0
    except BaseException:
        processes.close()
        _leave(console, wanted.folder)
        raise
    _tell(console, sandbox)
    return status


def _environ() -> dict[str, str]:
    return dict(os.environ)  # noqa: TID251 - a door: here the environment comes in


def _real_nodes(wanted: Wanted, progress: Progress) -> RealNodes:
    families = {name: cluster.families for name, cluster in wanted.clusters}
    return real_nodes(ROOT, wanted.folder, families, environ=_environ(), progress=progress)


def _start(wanted: Wanted, processes: Processes, progress: Progress, nodes: RealNodes | None) -> Sandbox:
    return start(
        Site(
            ROOT,
            wanted.folder,
            _environ(),
            processes,
            progress,
            clusters=dict(wanted.clusters),
            operation_delay=wanted.operation_delay,
            contexts=wanted.contexts,
            fresh_namespaces=(NAMESPACE,) if wanted.command == "demo" else (),
            cloudmap_endpoint=wanted.cloudmap_endpoint,
            nodes=nodes,
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


def _down(console: Console, wanted: Wanted) -> int:
    stopped = stop_recorded(wanted.folder)
    _leave(console, wanted.folder)
    console.print(f"stopped {len(stopped)} processes" if stopped else "nothing was running")
    noted = wanted.folder / "sandbox.json"
    if noted.exists():
        _tell_what_stays(console, read_sandbox(wanted.folder), removed=wanted.cloudmap_endpoint)
        noted.unlink()
    if wanted.cloudmap_endpoint:
        count = empty(wanted.cloudmap_endpoint)
        what = "nothing was there" if count is None else f"the clusterset's namespace and {count} services are removed"
        console.print(f"{wanted.cloudmap_endpoint}: {what}", highlight=False)
    return 0


def _leave(console: Console, folder: Path) -> None:
    for told in leave(folder):
        console.print(told, style="yellow", markup=False, highlight=False, soft_wrap=True)


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
