import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from infra.wheels import (
    LEFT_TO_THE_RUNTIME,
    ONLY_FOR_ASYNCIO,
    BundleError,
    host_target,
    install,
    lambda_target,
    selected,
)

LOCK = Path(__file__).parents[2] / "requirements" / "bundle.txt"


def names(lock: str) -> set[str]:
    return {line.split("==")[0] for line in lock.splitlines() if line[:1].isalpha()}


def test_what_the_runtime_has_and_what_only_asyncio_needs_is_left_out() -> None:
    whole, taken = names(LOCK.read_text()), names(selected(LOCK.read_text()))

    assert whole - taken == LEFT_TO_THE_RUNTIME | ONLY_FOR_ASYNCIO
    assert {"kubernetes", "aws-lambda-powertools", "urllib3"} <= taken


def test_every_selected_wheel_keeps_its_hashes() -> None:
    taken = selected(LOCK.read_text())

    for entry in taken.split("\n\n"):
        if "==" in entry:
            assert "--hash=sha256:" in entry
    assert taken.count("--hash") < LOCK.read_text().count("--hash")


@pytest.mark.parametrize(("architecture", "machine"), [("arm64", "aarch64"), ("x86_64", "x86_64")])
def test_all_three_platform_tags_are_asked_for(architecture: str, machine: str) -> None:
    options = lambda_target(architecture).options

    assert [value for key, value in pairwise(options) if key == "--platform"] == [
        f"manylinux_2_28_{machine}",
        f"manylinux_2_17_{machine}",
        f"manylinux2014_{machine}",
    ]
    assert options[options.index("--python-version") + 1] == "3.13"


def test_bytecode_is_made_by_an_interpreter_of_the_runtimes_version_or_not_at_all() -> None:
    compiler = lambda_target("arm64").compiler
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"

    if compiler is not None:
        found = subprocess.run([compiler, "-c", asked], capture_output=True, text=True, check=True).stdout.strip()
        assert found == "3.13"
    assert host_target().compiler == sys.executable


def test_a_wheel_whose_hash_is_not_the_locked_one_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(
        f"six==1.17.0 \\\n    --hash=sha256:{'0' * 64}\n".replace("six", "durationpy").replace("1.17.0", "0.11")
    )

    with pytest.raises(BundleError, match="could not install"):
        install(lock, tmp_path / "tree", host_target())
