"""Locked wheels for one target: which of them, by which pip call, and what of them stays at home."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

RUNTIME = "3.13"

LEFT_TO_THE_RUNTIME = frozenset({"jmespath", "python-dateutil", "six"})
"""What botocore needs too: the Lambda runtime and its base image have it, and a copy of ours would shadow theirs."""

SHADOWED = {
    "urllib3": "kubernetes needs a newer one than the runtime promises; botocore takes every 2.x and prefers none",
    "certifi": "requests, which kubernetes loads, needs it; botocore then trusts its list instead of a copy of its own",
}
"""What the runtime's own packages find in our zip instead of beside them, each with the reason why we dare.

The zip comes first in the search path. tests/infra/test_shadowing.py holds this against what they really import.
"""

ONLY_FOR_ASYNCIO = frozenset(
    {
        "aiohappyeyeballs",
        "aiohttp",
        "aiohttp-retry",
        "aiosignal",
        "attrs",
        "frozenlist",
        "multidict",
        "propcache",
        "yarl",
    }
)
"""What only `kubernetes.aio` imports, which is not bundled either."""

_TYPED_API = ("kubernetes/client/api", "kubernetes/client/models/[!_]*.py")
"""Half of the zip: a class per kind and API group, loaded when named. We send and read dicts (docs/adr/0004)."""

_TRIMMED = (
    *_TYPED_API,
    "kubernetes/aio",
    "bin",
    "**/tests",
    "**/test",
    "**/*_test.py",
    "**/*.dist-info/RECORD",
    "**/*.pyi",
    "**/py.typed",
)
_KEPT_METADATA = {"METADATA"}
"""importlib.metadata finds name and version in it; licences stay as well."""


class BundleError(RuntimeError):
    """The bundle cannot be made; the message ends with what pip said."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a bundle runs: pip's options for its wheels, and an interpreter that can compile for it, if any can."""

    title: str
    options: tuple[str, ...]
    compiler: str | None

    @property
    def identity(self) -> str:
        """What makes one bundle differ from another's; where the compiler is installed does not."""
        return f"{self.title} {' '.join(self.options)} {'with' if self.compiler else 'without'} bytecode"


def lambda_target(architecture: str) -> Target:
    """Return the target for Lambda's runtime on arm64 or x86_64.

    All three platform tags are needed: with the newest alone pip settles on ancient pure Python releases.
    """
    machine = {"arm64": "aarch64", "x86_64": "x86_64"}[architecture]
    tags = [f"{family}_{machine}" for family in ("manylinux_2_28", "manylinux_2_17", "manylinux2014")]
    options = ["--implementation", "cp", "--python-version", RUNTIME]
    for tag in tags:
        options += ["--platform", tag]
    return Target(f"Python {RUNTIME} on {architecture}", tuple(options), _compiler())


def host_target() -> Target:
    """Return the target for functions that run under this very interpreter, as in the sandbox."""
    title = f"Python {platform.python_version()} on this {platform.system()} {platform.machine()}"
    return Target(title, (), sys.executable)


def _compiler() -> str | None:
    """Find an interpreter of the runtime's minor version: bytecode of another one would never be read."""
    for candidate in (sys.executable, shutil.which(f"python{RUNTIME}")):
        if candidate and _minor(candidate) == RUNTIME:
            return candidate
    return None


def _minor(executable: str) -> str:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run([executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def install(lock_file: Path, tree: Path, target: Target) -> None:
    """Put the lock file's wheels into the folder `tree`, trimmed; hashes are checked, nothing is built or resolved."""
    tree.mkdir(parents=True)
    wanted = tree.with_name("requirements.txt")
    wanted.write_text(selected(lock_file.read_text(encoding="utf-8")), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "--no-deps", "--no-compile", "--only-binary=:all:"]
    command += ["--requirement", str(wanted), "--target", str(tree), *target.options]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise BundleError(f"pip could not install the wheels for {target.title}:\n{answer.stderr.strip()}")
    wanted.unlink()
    _trim(tree)


def selected(lock: str) -> str:
    """Return the lock without what stays at home; an entry is a `name==version` line and its indented hashes."""
    entries = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)
    left_out = LEFT_TO_THE_RUNTIME | ONLY_FOR_ASYNCIO
    return "".join(entry for entry in entries if entry.split("==")[0].split("[")[0].strip() not in left_out)


def _trim(tree: Path) -> None:
    for pattern in _TRIMMED:
        for path in sorted(tree.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    for folder in tree.glob("*.dist-info"):
        for path in folder.iterdir():
            if path.is_file() and path.name not in _KEPT_METADATA and "LICEN" not in path.name.upper():
                path.unlink()
