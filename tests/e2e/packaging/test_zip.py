"""The zip as it is uploaded for functions on arm64, made for real."""

import os
import struct
import sys
import zipfile
from pathlib import Path

import pytest

from infra.bundle import Bundle, bundle
from infra.cache import cache_folder
from infra.wheels import lambda_target
from tests.infra.runtime import RUNTIME, top_level

ROOT = Path(__file__).parents[3]
LIMIT = 12_000_000
AARCH64 = 183
"""e_machine of an ELF file (ELF for the Arm 64-bit Architecture)."""

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def made() -> Bundle:
    environ = os.environ  # noqa: TID251 -- a door
    return bundle(ROOT, lambda_target("arm64"), cache=cache_folder(environ), say=lambda _line: None)


@pytest.fixture(scope="module")
def names(made: Bundle) -> set[str]:
    with zipfile.ZipFile(made.path) as archive:
        return set(archive.namelist())


def test_it_is_small_enough_to_start_fast(made: Bundle) -> None:
    assert made.path.stat().st_size <= LIMIT


def test_its_native_parts_are_for_the_functions_architecture(made: Bundle) -> None:
    with zipfile.ZipFile(made.path) as archive:
        native = [archive.read(name) for name in archive.namelist() if name.endswith(".so")]

    assert len(native) >= 2
    assert {struct.unpack_from("<H", content, 18)[0] for content in native} == {AARCH64}


def test_it_has_all_of_our_code_but_the_command_line(names: set[str]) -> None:
    ours = {
        str(path.relative_to(ROOT))
        for package in ("cloudmap_mcs", "lambdas")
        for path in (ROOT / package).rglob("*.py")
    }

    assert {name for name in names if name.startswith(("cloudmap_mcs/", "lambdas/")) and name.endswith(".py")} == {
        name for name in ours if not name.startswith("cloudmap_mcs/cli/")
    }


@pytest.mark.skipif(sys.platform != "linux", reason="awslambdaric has wheels for Linux only")
def test_what_the_runtime_brings_is_not_brought_again(names: set[str]) -> None:
    brought = {name.partition("/")[0] for name in names}

    for distribution in RUNTIME:
        assert not brought & {path.name for path in top_level(distribution)}, distribution
