from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.nodes.rootfs import NODE, Recipe, ensure_rootfs, finish, lay_out
from tests.sandbox.nodes.elf import elf
from tests.sandbox.nodes.package_source import HAS_APT, PackageSource

RECIPE = Recipe(
    packages=("dash",),
    links=(("/usr/bin/sh", "dash"),),
    texts=(("/etc/nsswitch.conf", "hosts: files dns\n"),),
    folders=("/var/lib/kubelet",),
    programs=("sh",),
)


@pytest.mark.skipif(not HAS_APT, reason="apt-get and dpkg-deb are not here")
def test_a_root_file_system_is_made_once_and_then_needs_no_packages(tmp_path: Path) -> None:
    source = PackageSource(tmp_path)
    source.add("dash", program="bin/dash", depends="debianutils")
    said: list[str] = []

    first = ensure_rootfs(source.environ, said.append, recipe=RECIPE)
    source.vanish()
    told = len(said)
    second = ensure_rootfs({"HOME": str(tmp_path), "PATH": ""}, said.append, recipe=RECIPE)

    assert first == second
    assert len(said) == told
    assert (first.parent / "packages.txt").read_text() == "dash 1:2.0-1\n"
    assert (first / "bin" / "sh").resolve().read_text() == "#!/bin/sh\necho dash\n"
    assert (first / "etc" / "nsswitch.conf").read_text() == "hosts: files dns\n"
    assert (first / "tmp").stat().st_mode & 0o7777 == 0o1777
    assert not list((first / "var" / "lib" / "kubelet").iterdir())


@pytest.mark.skipif(not HAS_APT, reason="apt-get and dpkg-deb are not here")
def test_what_cannot_be_finished_leaves_nothing_behind(tmp_path: Path) -> None:
    source = PackageSource(tmp_path)
    source.add("dash", program="bin/other")

    with pytest.raises(SandboxError, match="do not bring /usr/bin/sh"):
        ensure_rootfs(source.environ, lambda _: None, recipe=RECIPE)

    nodes = tmp_path / ".cache" / "cloudmap-mcs" / "nodes"
    assert [path.suffix for path in nodes.iterdir()] == [".lock"]


def test_another_recipe_is_another_folder() -> None:
    other = Recipe(packages=(*NODE.packages, "tcpdump"), links=NODE.links)

    assert other.digest != NODE.digest
    assert Recipe(packages=("a",)).digest != Recipe(packages=(), programs=("a",)).digest


def test_a_program_whose_librarys_library_is_missing_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    lay_out(root)
    (root / "usr/bin/tool").write_bytes(elf("libfirst.so"))
    (root / "usr/lib/libfirst.so").write_bytes(elf("libsecond.so"))

    with pytest.raises(SandboxError, match=r"libsecond\.so"):
        finish(root, Recipe(packages=(), programs=("tool",)))


def test_alternatives_replace_what_a_package_brought(tmp_path: Path) -> None:
    root = tmp_path / "root"
    lay_out(root)
    for name in ("dash", "bash"):
        (root / "usr/bin" / name).write_text(name)
    (root / "usr/bin/sh").symlink_to("bash")

    finish(root, RECIPE)

    assert (root / "bin/sh").read_text() == "dash"


def test_a_link_takes_the_place_of_an_empty_folder_that_a_package_brought(tmp_path: Path) -> None:
    root = tmp_path / "root"
    lay_out(root)
    (root / "usr/bin/dash").write_text("dash")
    (root / "run").mkdir()
    (root / "var/run").mkdir(parents=True)

    finish(root, Recipe(packages=(), links=(("/var/run", "/run"),)))

    assert (root / "var/run").readlink() == Path("/run")
