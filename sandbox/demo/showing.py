"""Show the steps and, at the end, the table of their times."""

from rich.console import Console

from sandbox.sandbox import Sandbox


def show(sandbox: Sandbox, console: Console) -> int:
    return 0
