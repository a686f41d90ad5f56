"""What a demo leaves behind in clusters that are not the sandbox's own: nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.demo.typing_in import Terminal
from sandbox.demo.view import NAMESPACE
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from rich.console import Console

    from sandbox.sandbox import Sandbox


def tidy(sandbox: Sandbox, console: Console) -> bool:
    """Delete the demo's namespace in every attached cluster; tells whether all of it went away."""
    attached = [member for member in sandbox.members.values() if member.context]
    if not attached:
        return True
    console.print("\n[bold cyan]Your clusters get rid of the demo's namespace[/bold cyan]")
    terminal, well = Terminal(sandbox, console), True
    for member in attached:
        try:
            terminal.kubectl(member.id, "delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=50s")
        except SandboxError as error:
            console.print(str(error), style="red", markup=False, highlight=False)
            well = False
    return well
