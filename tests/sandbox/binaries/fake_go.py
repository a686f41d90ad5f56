"""A shell script that answers like `go` and builds what it is told to, so that tests need no compiler."""

from pathlib import Path

SCRIPT = """#!/bin/sh
if [ "$1" = env ]; then
  printf '{{"GOVERSION": "{version}", "GOHOSTOS": "linux", "GOHOSTARCH": "amd64"}}'
  exit
fi
echo "build $GOFLAGS $CGO_ENABLED" >> "{folder}/calls"
{build}
while [ "$1" != -o ]; do shift; done
echo program > "$2"
"""


def write_go(folder: Path, *, version: str = "go1.26.8", build: str = "") -> Path:
    """Write the script to FOLDER/go; `build` runs before the output is written. Calls are kept in FOLDER/calls."""
    folder.mkdir(parents=True, exist_ok=True)
    go = folder / "go"
    go.write_text(SCRIPT.format(version=version, folder=folder, build=build))
    go.chmod(0o755)
    return go


def calls(folder: Path) -> list[str]:
    path = folder / "calls"
    return path.read_text().splitlines() if path.exists() else []
