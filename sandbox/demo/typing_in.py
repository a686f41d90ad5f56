"""Types commands as a user would: prints them, runs them, shows what they say."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.text import Text

from sandbox.demo.shell import kubeconfig, kubectl
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from rich.console import Console

    from sandbox.sandbox import Sandbox

_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where commands are typed, in a shell that has what `shell.exports` says."""

    sandbox: Sandbox
    console: Console

    def kubectl(self, cluster: str, *arguments: str, quiet: bool = False) -> str:
        """Run kubectl on one cluster; SandboxError with its message if it fails."""
        member = self.sandbox.members[cluster]
        _, *options = typed = [*kubectl(member), *arguments]
        self.type(shlex.join(typed))
        answer = subprocess.run(
            ["env", f"KUBECONFIG={kubeconfig(self.sandbox)}", str(self.sandbox.kubectl), *options],
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        if answer.returncode:
            raise SandboxError(f"kubectl on {cluster}: {answer.stderr.strip()}")
        if not quiet:
            self.show(answer.stdout)
        return answer.stdout

    def type(self, command: str) -> None:
        self.console.print(Text(f"  $ {command}", style="bold"), soft_wrap=True)

    def show(self, output: str) -> None:
        for line in output.rstrip().splitlines():
            self.console.print(Text(f"    {line}"), soft_wrap=True)
