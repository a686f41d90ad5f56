from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.nodes.rootfs_libraries import Linkage, inside, libraries, linkage, program_path
from tests.sandbox.nodes.elf import elf

LIB = "usr/lib/any-linux-gnu"


def put(root: Path, path: str, content: bytes = b"") -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/usr/bin/kmod", "/usr/bin/modprobe"),
        ("kmod", "/usr/bin/modprobe"),
        ("../../../../usr/bin/kmod", "/usr/bin/modprobe"),
        ("/usr/bin/kmod", "/bin/../bin/modprobe"),
    ],
)
def test_links_are_followed_within_the_root(tmp_path: Path, target: str, path: str) -> None:
    kmod = put(tmp_path, "usr/bin/kmod")
    (tmp_path / "bin").symlink_to("/usr/bin")
    (tmp_path / "usr/bin/modprobe").symlink_to(target)

    assert inside(tmp_path, path) == kmod


@pytest.mark.parametrize("target", ["/etc/hostname", "loop"])
def test_a_link_to_what_only_this_machine_has_or_to_itself_leads_nowhere(tmp_path: Path, target: str) -> None:
    (tmp_path / "loop").symlink_to(target)

    with pytest.raises(FileNotFoundError):
        inside(tmp_path, "/loop")


def test_the_path_decides_between_programs_of_one_name(tmp_path: Path) -> None:
    put(tmp_path, "usr/bin/ip")
    put(tmp_path, "usr/sbin/ip")

    assert program_path(tmp_path, "ip") == "/usr/sbin/ip"
    with pytest.raises(SandboxError, match="program tc is not among the unpacked packages"):
        program_path(tmp_path, "tc")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"#!/bin/sh\n", None),
        (b"", None),
        (elf(), Linkage()),
        (
            elf("libc.so.6", "libz.so.1", interpreter="/lib64/ld.so", runpath="$ORIGIN/x:/opt/lib"),
            Linkage("/lib64/ld.so", ("libc.so.6", "libz.so.1"), ("$ORIGIN/x", "/opt/lib")),
        ),
        (elf("libc.so.6"), Linkage(None, ("libc.so.6",))),
    ],
    ids=["script", "empty", "static", "program", "library"],
)
def test_what_a_file_asks_for(tmp_path: Path, content: bytes, expected: Linkage | None) -> None:
    assert linkage(put(tmp_path, "file", content)) == expected


def test_libraries_are_looked_for_as_the_loader_does_it(tmp_path: Path) -> None:
    for path in ("opt/x/libown.so", f"{LIB}/libown.so", f"{LIB}/libc.so.6", f"{LIB}/libnss_dns.so.2", "lib64/ld.so"):
        put(tmp_path, path)

    found = libraries(tmp_path, Linkage("/lib64/ld.so", ("libown.so", "libc.so.6"), ("$ORIGIN/x",)), "/opt")

    assert found == ("/lib64/ld.so", "/opt/x/libown.so", f"/{LIB}/libc.so.6", f"/{LIB}/libnss_dns.so.2")


def test_a_missing_library_is_named(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"shared library libgone\.so\.1 is not among"):
        libraries(tmp_path, Linkage(None, ("libgone.so.1",)), "/usr/bin")
