import hashlib
import importlib.util
import io
import json
import sys
import tarfile
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.nodes.images import (
    NETSHOOT,
    PAUSE,
    SOCAT,
    Copy,
    Image,
    Library,
    Program,
    Text,
    coredns_image,
    ensure_image,
)
from sandbox.nodes.images_modules import Modules
from tests.sandbox.nodes.elf import elf

LIB = "usr/lib/any-linux-gnu"
NAME = "example.org/tools/shell:v1"


@pytest.fixture
def rootfs(tmp_path: Path) -> Path:
    """A root file system with a shell that is a link, its loader, and a library that asks for another."""
    root = tmp_path / "nodes" / "rootfs"
    for folder in ("usr/bin", "usr/lib64", LIB):
        (root / folder).mkdir(parents=True)
    for name in ("bin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "usr/bin/dash").write_bytes(elf("libc.so.6", "liba.so.1", interpreter="/lib64/ld.so"))
    (root / "usr/bin/sh").symlink_to("dash")
    (root / LIB / "ld.so").write_bytes(elf())
    (root / "usr/lib64/ld.so").symlink_to("/lib/any-linux-gnu/ld.so")
    (root / LIB / "libc.so.6").write_bytes(elf(interpreter="/lib64/ld.so"))
    (root / LIB / "liba.so.1.2.3").write_bytes(elf("libb.so.1"))
    (root / LIB / "liba.so.1").symlink_to("liba.so.1.2.3")
    (root / LIB / "libb.so.1").write_bytes(elf("libc.so.6"))
    (root / LIB / "libunused.so.1").write_bytes(elf())
    return root


class Archive:
    """A docker-archive, read the way an engine does."""

    def __init__(self, file: Path) -> None:
        with tarfile.open(file) as archive:
            parts = {member.name: archive.extractfile(member) for member in archive}
            self.parts = {name: part.read() for name, part in parts.items() if part is not None}
        [self.manifest] = json.loads(self.parts["manifest.json"])
        self.config = json.loads(self.parts[self.manifest["Config"]])
        [layer] = self.manifest["Layers"]
        self.layer = self.parts[layer]
        with tarfile.open(fileobj=io.BytesIO(self.layer)) as tar:
            self.members = {member.name: member for member in tar}
            self.names = tar.getnames()

    def read(self, path: str) -> bytes:
        with tarfile.open(fileobj=io.BytesIO(self.layer)) as tar:
            file = tar.extractfile(path)
            assert file is not None
            return file.read()


def test_the_archive_is_what_engines_import(rootfs: Path) -> None:
    image = Image(NAME, (Program("sh"),), ("sh",), ("-c", "true"), env=(("LANG", "C"),), user="7:8")

    archive = Archive(ensure_image(image, rootfs))

    assert archive.manifest["RepoTags"] == [NAME]
    assert archive.manifest["Config"] == hashlib.sha256(archive.parts[archive.manifest["Config"]]).hexdigest() + ".json"
    digest = f"sha256:{hashlib.sha256(archive.layer).hexdigest()}"
    assert archive.config["rootfs"] == {"type": "layers", "diff_ids": [digest]}
    assert archive.config["os"] == "linux"
    given = archive.config["config"]
    assert (given["Entrypoint"], given["Cmd"], given["User"]) == (["sh"], ["-c", "true"], "7:8")
    assert [entry.partition("=")[0] for entry in given["Env"]] == ["PATH", "LANG"]


def test_a_program_comes_with_its_libraries_libraries_and_nothing_else(rootfs: Path) -> None:
    archive = Archive(ensure_image(Image(NAME, (Program("sh"),)), rootfs))

    files = {name for name, member in archive.members.items() if member.isfile() and name.startswith("usr/")}
    libraries = {f"{LIB}/{name}" for name in ("libc.so.6", "liba.so.1", "libb.so.1")}
    assert files == {"usr/bin/sh", "usr/lib64/ld.so"} | libraries
    assert archive.read("usr/bin/sh") == (rootfs / "usr/bin/dash").read_bytes()
    links = {name: member.linkname for name, member in archive.members.items() if member.issym()}
    assert links == {"bin": "usr/bin", "lib": "usr/lib", "lib64": "usr/lib64"}


def test_folders_come_before_what_is_in_them_and_nothing_tells_when_or_by_whom(rootfs: Path) -> None:
    archive = Archive(ensure_image(Image(NAME, (Program("sh"),)), rootfs))

    assert archive.names == sorted(archive.names)
    assert {str(parent) for name in archive.names for parent in Path(name).parents} - {"."} <= set(archive.names)
    told = {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in archive.members.values()}
    assert told == {(0, 0, 0, "", "")}
    modes = {name: archive.members[name].mode for name in ("tmp", "usr", "usr/bin/sh", "etc/passwd")}
    assert modes == {"tmp": 0o1777, "usr": 0o755, "usr/bin/sh": 0o755, "etc/passwd": 0o644}


def test_names_are_looked_up_in_files_first_then_dns(rootfs: Path) -> None:
    archive = Archive(ensure_image(Image(NAME, ()), rootfs))

    assert b"hosts: files dns\n" in archive.read("etc/nsswitch.conf")


def test_the_same_image_is_built_once_and_bit_for_bit_alike(rootfs: Path) -> None:
    image = Image(NAME, (Program("sh"),))

    first = ensure_image(image, rootfs)
    inode, data = first.stat().st_ino, first.read_bytes()
    assert ensure_image(image, rootfs).stat().st_ino == inode
    first.unlink()
    first.parent.rmdir()

    assert ensure_image(image, rootfs).read_bytes() == data


def test_a_changed_binary_is_another_image(rootfs: Path, tmp_path: Path) -> None:
    binary = tmp_path / "coredns"
    binary.write_bytes(elf())
    binary.chmod(0o755)
    image = coredns_image(binary, "v1.14.7")
    first = ensure_image(image, rootfs)

    binary.write_bytes(elf() + b"newer")
    second = ensure_image(image, rootfs)

    assert first != second
    archive = Archive(second)
    assert archive.read("coredns") == elf() + b"newer"
    assert archive.members["coredns"].mode == 0o755
    assert archive.manifest["RepoTags"] == ["docker.io/coredns/coredns:1.14.7"]


def test_folders_of_this_machine_take_their_libraries_from_the_root_file_system(rootfs: Path, tmp_path: Path) -> None:
    tree = tmp_path / "python"
    (tree / "lib").mkdir(parents=True)
    (tree / "lib" / "_ssl.so").write_bytes(elf("libb.so.1"))
    (tree / "main.py").write_text("print()\n")
    (tree / "latest").symlink_to("lib")
    image = Image(NAME, (Copy("/lib/app", tree), Text("/etc/motd", "hello")))

    archive = Archive(ensure_image(image, rootfs))

    assert archive.read("usr/lib/app/main.py") == b"print()\n"
    assert archive.read("etc/motd") == b"hello"
    assert archive.members["usr/lib/app/latest"].linkname == "lib"
    assert f"{LIB}/libb.so.1" in archive.names


def test_a_named_library_comes_with_what_it_asks_for(rootfs: Path) -> None:
    archive = Archive(ensure_image(Image(NAME, (Library("liba.so.1"),)), rootfs))

    assert {f"{LIB}/{name}" for name in ("liba.so.1", "libb.so.1", "libc.so.6")} <= set(archive.names)


def test_modules_come_with_bytecode_that_no_lost_time_makes_stale(rootfs: Path, tmp_path: Path) -> None:
    """PEP 552: bytecode with flags 0b01 is hash-based and not checked."""
    tree = tmp_path / "package"
    (tree / "tests").mkdir(parents=True)
    (tree / "__pycache__").mkdir()
    (tree / "__init__.py").write_text("answer = 42\n")
    (tree / "data.json").write_text("{}")
    (tree / "tests" / "test_it.py").write_text("")
    (tree / "__pycache__" / "other.pyc").write_bytes(b"")
    (tmp_path / "six.py").write_text("six = 6\n")
    modules = Modules("/var/runtime/package", tree, left_out=("test*",)), Modules("/v/six.py", tmp_path / "six.py")

    archive = Archive(ensure_image(Image(NAME, modules), rootfs))

    cached = f"__pycache__/__init__.{sys.implementation.cache_tag}.pyc"
    there = {name for name in archive.names if name.startswith("var/runtime/package/")}
    assert {name.removeprefix("var/runtime/package/") for name in there} == {
        "__init__.py",
        "data.json",
        "__pycache__",
        cached,
    }
    bytecode = archive.read(f"var/runtime/package/{cached}")
    assert bytecode[:4] == importlib.util.MAGIC_NUMBER
    assert int.from_bytes(bytecode[4:8], "little") == 0b01
    assert archive.read("v/six.py") == b"six = 6\n"


def test_a_changed_module_is_another_image(rootfs: Path, tmp_path: Path) -> None:
    module = tmp_path / "six.py"
    module.write_text("six = 6\n")
    image = Image(NAME, (Modules("/v/six.py", module),))
    first = ensure_image(image, rootfs)

    module.write_text("six = 7\n")

    assert ensure_image(image, rootfs) != first


def test_a_module_that_does_not_compile_is_named(rootfs: Path, tmp_path: Path) -> None:
    module = tmp_path / "broken.py"
    module.write_text("def (:\n")

    with pytest.raises(SandboxError, match=r"broken\.py was to become"):
        ensure_image(Image(NAME, (Modules("/v/broken.py", module),)), rootfs)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (Library("libgone.so.1"), "shared library libgone"),
        (Modules("/x", Path("/nonexistent/x")), "/nonexistent/x is not there: it was to become /x"),
        (Program("gone"), "program gone is not"),
        (Copy("/x", Path("/nonexistent/x")), "/nonexistent/x is not there: it was to become /x"),
    ],
    ids=["library", "modules", "program", "copy"],
)
def test_what_is_missing_is_named_and_leaves_no_image(rootfs: Path, file: Program | Copy, message: str) -> None:
    with pytest.raises(SandboxError, match=message):
        ensure_image(Image(NAME, (file,)), rootfs)

    assert not list(rootfs.parent.rglob("image.tar"))


@pytest.mark.parametrize(
    "name", ["alpine/socat:1.7", "socat", "docker.io/alpine/socat", "docker.io/alpine/socat:latest", "a.io/B:1", ""]
)
def test_a_name_that_kubelet_would_pull_is_refused(name: str) -> None:
    with pytest.raises(SandboxError, match="must not be latest"):
        Image(name, ())


def test_ours_have_the_names_that_manifests_use() -> None:
    """`pause` as kubelet's default, the others as the MCS conformance suite deploys them."""
    assert [image.name for image in (PAUSE, SOCAT, NETSHOOT)] == [
        "registry.k8s.io/pause:3.10",
        "docker.io/alpine/socat:1.7.4.4",
        "docker.io/nicolaka/netshoot:v0.15",
    ]
