import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rich.console import Console

from sandbox.binaries.building import advice, build
from sandbox.binaries.progress import Progress
from sandbox.errors import SandboxError
from tests.sandbox.binaries.fake_go import calls, write_go

BOTH = ("etcd", "kwok")


class Desk:
    """A user with a Go, a cache and a log."""

    def __init__(self, folder: Path, *, build: str = "") -> None:
        self.bin = folder / "bin"
        self.cache = folder / "cache" / "cloudmap-mcs" / "binaries"
        write_go(self.bin, build=build)
        self.environ = {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "XDG_CACHE_HOME": str(folder / "cache"),
            "GOFLAGS": "-mod=mod",
        }
        self.log = io.StringIO()

    def build(self, *names: str) -> dict[str, Path]:
        return build(names, environ=self.environ, progress=Progress(Console(file=self.log)))


def test_what_is_missing_is_built_once_and_then_found(tmp_path: Path) -> None:
    desk = Desk(tmp_path)

    first = desk.build(*BOTH)
    second = desk.build(*BOTH)

    assert first == second
    assert [path.read_text() for path in first.values()] == ["program\n", "program\n"]
    assert calls(desk.bin) == ["build -mod=readonly 0"] * 2


def test_the_log_says_what_is_built_and_how_far_it_is(tmp_path: Path) -> None:
    desk = Desk(tmp_path)

    desk.build(*BOTH)

    lines = desk.log.getvalue().splitlines()
    assert "building 2 programs" in lines[0]
    assert [line.split(" v")[0] for line in lines[1:]] == ["building etcd", "built etcd", "building kwok", "built kwok"]
    assert "(2 of 2)" in lines[-1]


def test_two_checkouts_at_once_build_each_program_once(tmp_path: Path) -> None:
    desks = [Desk(tmp_path, build="sleep 0.3") for _ in range(2)]

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda desk: desk.build(*BOTH), desks)

    assert first == second
    assert len(calls(desks[0].bin)) == 2
    assert any("waiting for a build by another checkout" in desk.log.getvalue() for desk in desks)


def test_a_failed_build_shows_its_last_lines_and_leaves_nothing(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path, build='for i in $(seq 40); do echo "line $i"; done; echo "write: no space left on device"; exit 2'
    )

    with pytest.raises(SandboxError) as caught:
        desk.build("etcd")

    message = str(caught.value)
    assert "Building etcd failed with status 2" in message
    assert "line 40" in message
    assert "line 20" not in message
    assert "free some disk space" in message
    assert "go build -v" in message
    assert [path.name for path in desk.cache.iterdir()] == [".lock"]


def test_what_an_interrupted_build_left_is_not_taken_for_a_program(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    (path,) = desk.build("etcd").values()
    path.parent.rename(path.parent.with_name(path.parent.name + ".unfinished"))

    assert desk.build("etcd") == {"etcd": path}
    assert sorted(entry.name for entry in desk.cache.iterdir()) == [".lock", path.parent.name]


def test_an_unknown_program_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="no such program: kubeadm; there are etcd, "):
        Desk(tmp_path).build("kubeadm")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("go: x@v1: dial tcp 192.0.2.1:443: i/o timeout", "GOPROXY", id="no-network"),
        pytest.param("compile: signal: killed", "memory", id="out-of-memory"),
        pytest.param("verifying x@v1: checksum mismatch", "go clean -modcache", id="wrong-module"),
        pytest.param("main.go:3: undefined: x", "by hand", id="anything-else"),
    ],
)
def test_the_advice_fits_the_failure(line: str, expected: str) -> None:
    assert expected in advice(["some line", line])
