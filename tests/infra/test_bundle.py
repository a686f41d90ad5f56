import importlib.util
import sys
import zipfile
from pathlib import Path

import pytest

from infra import bundle as module
from infra.bundle import bundle
from infra.wheels import BundleError, Target

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a checkout with one module per package, and a lock that needs nothing."""
    root = tmp_path / "checkout"
    for name in ("cloudmap_mcs/one.py", "lambdas/two.py"):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text("VALUE = 1\n")
    (root / "infra").mkdir()
    for name in ("bundle.py", "wheels.py"):
        (root / "infra" / name).write_bytes((ROOT / "infra" / name).read_bytes())
    (root / "requirements").mkdir()
    (root / "requirements" / "bundle.txt").write_text("")
    return root


@pytest.fixture
def installs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand in for pip, which the e2e tests run for real: remember the target, leave one module."""
    done: list[str] = []

    def install(_lock: Path, tree: Path, target: Target) -> None:
        done.append(target.title)
        tree.mkdir(parents=True)
        (tree / "wheel.py").write_text("VALUE = 2\n")

    monkeypatch.setattr(module, "install", install)
    return done


def target(title: str = "here", *, compiler: str | None = None) -> Target:
    return Target(title, (), compiler)


def made(root: Path, wanted: Target | None = None) -> module.Bundle:
    return bundle(root, wanted or target(), cache=root.parent / "cache", say=lambda _line: None)


def test_the_zip_has_both_packages_and_the_wheels(checkout: Path, installs: list[str]) -> None:
    with zipfile.ZipFile(made(checkout).path) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {"cloudmap_mcs/one.py", "lambdas/two.py", "wheel.py"}
    assert installs == ["here"]


def test_the_command_line_is_left_out_so_that_its_edits_deploy_nothing(checkout: Path, installs: list[str]) -> None:
    before = made(checkout)
    (checkout / "cloudmap_mcs" / "cli").mkdir()
    (checkout / "cloudmap_mcs" / "cli" / "three.py").write_text("VALUE = 1\n")

    assert made(checkout) == before
    assert len(installs) == 1


def test_a_second_bundle_of_the_same_is_taken_from_the_cache(checkout: Path, installs: list[str]) -> None:
    first, second = made(checkout), made(checkout)

    assert first == second
    assert len(installs) == 1


def test_an_edited_source_makes_another_bundle_with_the_same_wheels(checkout: Path, installs: list[str]) -> None:
    before = made(checkout)
    (checkout / "lambdas" / "two.py").write_text("VALUE = 3\n")
    after = made(checkout)

    assert before.digest != after.digest
    assert zipfile.ZipFile(after.path).read("lambdas/two.py") == b"VALUE = 3\n"
    assert len(installs) == 1


@pytest.mark.parametrize("edited", ["requirements/bundle.txt", "infra/bundle.py", "infra/wheels.py"])
def test_another_lock_or_bundler_makes_other_wheels(checkout: Path, installs: list[str], edited: str) -> None:
    before = made(checkout)
    with (checkout / edited).open("a") as file:
        file.write("# edited\n")
    after = made(checkout)

    assert before.digest != after.digest
    assert len(installs) == 2


def test_another_target_makes_another_bundle(checkout: Path, installs: list[str]) -> None:
    assert made(checkout, target("here")).digest != made(checkout, target("there")).digest
    assert installs == ["here", "there"]


def test_equal_input_makes_equal_bytes(checkout: Path, installs: list[str]) -> None:
    first = bundle(checkout, target(), cache=checkout.parent / "one", say=lambda _line: None)
    second = bundle(checkout, target(), cache=checkout.parent / "two", say=lambda _line: None)

    assert first.path.read_bytes() == second.path.read_bytes()
    assert len(installs) == 2


def test_bytecode_is_there_and_is_never_checked_against_its_source(checkout: Path, installs: list[str]) -> None:
    bundled = made(checkout, target(compiler=sys.executable))
    with zipfile.ZipFile(bundled.path) as archive:
        compiled = {name: archive.read(name) for name in archive.namelist() if name.endswith(".pyc")}

    assert {name.split("/")[-1].split(".")[0] for name in compiled} == {"one", "two", "wheel"}
    for content in compiled.values():
        assert content[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(content[4:8], "little") == 0b01
    assert installs == ["here"]


def test_a_bundle_that_could_not_be_made_leaves_nothing_behind(checkout: Path, installs: list[str]) -> None:
    (checkout / "lambdas" / "two.py").write_text("def\n")
    with pytest.raises(BundleError, match=r"two\.py"):
        made(checkout, target(compiler=sys.executable))

    left = [path.name for path in (checkout.parent / "cache" / "bundles").iterdir() if path.is_dir()]
    assert len(installs) == 1
    assert [name.partition("-")[0] for name in left] == ["wheels"]


def test_old_bundles_are_forgotten(checkout: Path, installs: list[str]) -> None:
    for value in range(10):
        (checkout / "lambdas" / "two.py").write_text(f"VALUE = {value}\n")
        newest = made(checkout)

    kept = [path for path in (checkout.parent / "cache" / "bundles").glob("?" * 64) if path.is_dir()]
    assert len(kept) == 6
    assert newest.path.parent in kept
    assert len(installs) == 1
