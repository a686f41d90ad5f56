"""ministack's own environment: it pins its botocore exactly, and functions run under its interpreter."""

from __future__ import annotations

import hashlib
import platform
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from infra.cache import made_once
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_INSTALL_SECONDS = 600


def ministack_python(root: Path, *, cache: Path, say: Callable[[str], None]) -> Path:
    """Return the interpreter of ministack's environment, made from requirements/ministack.txt unless it is there.

    It is of the version that runs the sandbox, so that a bundle for this host fits it.
    """
    lock_file = root / "requirements" / "ministack.txt"
    key = hashlib.sha256(f"{platform.python_version()} {sys.base_prefix}\0".encode() + lock_file.read_bytes())
    finished = cache / "ministack" / key.hexdigest()[:16]
    with made_once(finished) as folder:
        if folder is not None:
            say("installing the local AWS into an environment of its own (once per lock file, about 15 s)")
            start = time.monotonic()
            _run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
            pip = [
                sys.executable,
                "-m",
                "pip",
                "--disable-pip-version-check",
                "--python",
                str(folder / "bin" / "python"),
            ]
            _run([*pip, "install", "--quiet", "--no-deps", "--require-hashes", "--requirement", str(lock_file)])
            say(f"installed the local AWS in {time.monotonic() - start:.0f} s")
    return finished / "bin" / "python"


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_INSTALL_SECONDS)
    except subprocess.CalledProcessError as error:
        raise SandboxError(f"the local AWS could not be installed:\n{error.stderr.strip()}") from error
    except subprocess.TimeoutExpired as error:
        raise SandboxError(f"the local AWS could not be installed within {_INSTALL_SECONDS} s") from error
