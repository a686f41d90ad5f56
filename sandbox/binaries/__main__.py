"""Build every program of a control plane: `python -m sandbox.binaries [NAME ...]`."""

from __future__ import annotations

import os
import sys

from rich.console import Console

from sandbox.binaries.building import build
from sandbox.binaries.catalog import TOOLS
from sandbox.binaries.progress import Progress
from sandbox.errors import SandboxError


def main() -> int:
    names = sys.argv[1:] or [tool.name for tool in TOOLS]
    try:
        paths = build(names, environ=os.environ, progress=Progress(Console()))  # noqa: TID251 - a door
    except SandboxError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    for name, path in paths.items():
        print(f"{name}: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
