from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.nodes.packages import fetched, parse_offers, private_settings, unpack
from sandbox.nodes.rootfs import lay_out
from tests.sandbox.nodes.package_source import HAS_APT, PackageSource

needs_apt = pytest.mark.skipif(not HAS_APT, reason="apt-get and dpkg-deb are not here")


@pytest.fixture
def source(tmp_path: Path) -> PackageSource:
    return PackageSource(tmp_path)


def quiet(_: str) -> None:
    pass


def test_offers_are_read_from_lines_of_every_form() -> None:
    text = (
        "Reading package lists...\n"
        "Need to get 81.0 MB of archives.\n"
        "'http://a.example/pool/libgmp10_6.2.1%2bdfsg1_amd64.deb' libgmp10_2%3a6.2.1+dfsg1_amd64.deb 562588 MD5Sum:82\n"
        "'http://a.example/pool/runc_1.1.5_arm64.deb' runc_1.1.5_arm64.deb 10 \n"
    )

    offers = [(offer.name, offer.version, offer.size) for offer in parse_offers(text)]

    assert offers == [("libgmp10", "2:6.2.1+dfsg1", 562588), ("runc", "1.1.5", 10)]


def test_settings_keep_sources_and_proxies_but_no_hooks_and_no_folders_of_the_machine() -> None:
    dump = (
        'APT "";\nAPT::Architecture "arm64";\nAPT::Architectures:: "i386";\nDir::State "var/lib/apt";\n'
        'Dir::Cache "var/cache/apt";\nDir::Etc "etc/apt";\nDir::Etc::sourceparts "sources.list.d";\n'
        'Dir::Etc::parts "apt.conf.d";\nAcquire::http::Proxy "http://proxy:3128";\n'
        'Acquire::IndexTargets::deb::DEP-11::MetaKey "x";\n'
        'APT::Update::Post-Invoke:: "rm -f /var/cache/apt/archives/*.deb";\nDPkg::Post-Invoke:: "rm x";\n'
    )

    lines = private_settings(dump, Path("/private")).splitlines()

    assert lines[:4] == [
        'APT::Architecture "arm64";',
        'Dir::Etc "etc/apt";',
        'Dir::Etc::sourceparts "sources.list.d";',
        'Acquire::http::Proxy "http://proxy:3128";',
    ]
    assert {'Dir::State "/private";', 'Dir::Cache "/private";', 'Dir::Etc::parts "/dev/null";'} < set(lines)
    assert not [line for line in lines if "Invoke" in line or "i386" in line or "DEP-11" in line]


@needs_apt
def test_dependencies_come_along_except_those_that_only_scripts_need(source: PackageSource) -> None:
    source.add("shell", program="bin/shell")
    source.add("tool", program="usr/bin/tool", depends="shell (>= 1:1), debconf (>= 0.5), perl")
    source.add("other", program="usr/bin/other")

    with fetched(["tool"], folder=source.folder, environ=source.environ, say=quiet) as debs:
        there = {(deb.name, deb.version, deb.path.is_file()) for deb in debs}

    assert there == {("shell", "1:2.0-1", True), ("tool", "1:2.0-1", True)}
    assert not list(source.folder.glob("apt-*"))


@needs_apt
def test_unpacking_runs_nothing_and_keeps_the_merged_usr(source: PackageSource) -> None:
    source.add("shell", program="bin/shell", mode=0o4755)
    root = source.folder / "root"
    lay_out(root)

    with fetched(["shell"], folder=source.folder, environ=source.environ, say=quiet) as debs:
        unpack(debs[0], root, source.environ)

    assert (root / "bin").is_symlink()
    assert (root / "usr" / "bin" / "shell").stat().st_mode & 0o7777 == 0o755
    assert not (root / "usr" / "share" / "doc").exists()
    assert not source.ran.exists()


@needs_apt
def test_a_package_that_no_source_has_is_named_with_what_to_do(source: PackageSource) -> None:
    source.add("shell", program="bin/shell")

    with (
        pytest.raises(SandboxError, match=r"(?s)Unable to locate package runc.*Next: .*universe"),
        fetched(["runc"], folder=source.folder, environ=source.environ, say=quiet),
    ):
        pass


@needs_apt
def test_a_source_that_does_not_answer_is_told_before_what_follows_from_it(source: PackageSource) -> None:
    source.vanish()
    said: list[str] = []

    with (
        pytest.raises(SandboxError, match=r"(?s)Failed to fetch.*Unable to locate.*Next: a package server"),
        fetched(["runc"], folder=source.folder, environ=source.environ, say=said.append),
    ):
        pass

    assert any("apt complains about its sources" in line for line in said)


def test_without_apt_the_error_says_where_real_nodes_run(tmp_path: Path) -> None:
    with (
        pytest.raises(SandboxError, match=r"apt-get is not there: run this on Debian or Ubuntu"),
        fetched(["runc"], folder=tmp_path, environ={"PATH": str(tmp_path)}, say=quiet),
    ):
        pass
