"""Show the steps one by one and, at the end, the table of their times."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from rich.table import Table

from sandbox.demo.shell import exports
from sandbox.demo.steps import MainJob
from sandbox.demo.typing_in import Terminal
from sandbox.demo.view import View
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from sandbox.sandbox import Sandbox


def show(sandbox: Sandbox, console: Console) -> int:
    """Run the main job on the first two clusters; returns 0 if every step came out as it must."""
    tell_exports(sandbox, console)
    east, west = (View.of(member) for member in list(sandbox.members.values())[:2])
    job = MainJob(sandbox, Terminal(sandbox, console), east, west)
    times: list[tuple[str, str]] = []
    try:
        for number, (title, run) in enumerate(_steps(job), start=1):
            console.print(f"\n[bold cyan]{number}. {title}[/bold cyan]")
            took = run()
            times.append((title, "" if took is None else f"{took * 1000:.0f} ms"))
            if took is not None:
                console.print(f"  [green]visible after {took * 1000:.0f} ms[/green]")
    except SandboxError as error:
        console.print(f"\n[red]step {len(times) + 1} failed:[/red] ", end="")
        console.print(str(error), markup=False, highlight=False)
        console.print(f"  logs: {sandbox.folder}", markup=False, highlight=False, soft_wrap=True)
        return 1
    console.print()
    console.print(_table(times))
    return 0


def tell_exports(sandbox: Sandbox, console: Console, *, enter: tuple[str, ...] = ()) -> None:
    """Print what a shell needs for the commands that follow; `enter` begins a command in the sandbox's network."""
    console.print("\nWhat is typed below works in any shell of this checkout after:")
    for line in (*([shlex.join((*enter, "bash"))] if enter else []), *exports(sandbox)):
        console.print(f"  {line}", soft_wrap=True, markup=False, highlight=False)


def _steps(job: MainJob) -> tuple[tuple[str, Callable[[], float | None]], ...]:
    east, west = job.east.member.id, job.west.member.id
    return (
        (f"A namespace in both clusters, a Deployment and a Service in {east}", job.deploy),
        (f"Export it from {east}: {west} gets import, derived Service and slices", job.export),
        ("Scale up", job.scale_up),
        (f"Export the same Service from {west}: one import, one IP, both clusters' slices", job.export_from_both),
        (f"Scale to zero in {east}: the import and its IP stay", job.scale_to_zero),
        ("And back", job.scale_back),
        ("Delete a slice by hand, repair it by a manual invoke of the importer", job.repair),
        ("Unexport both: all gone", job.unexport),
    )


def _table(times: list[tuple[str, str]]) -> Table:
    table = Table(title="From visible in one cluster to visible in the other")
    table.add_column("step")
    table.add_column("time", justify="right")
    for title, took in times:
        table.add_row(title, took)
    return table
