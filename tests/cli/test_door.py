"""The program as a person starts it, in a process of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENVIRON = dict(os.environ)  # noqa: TID251 -- the program gets what this one has


@pytest.mark.parametrize("program", [[str(ROOT / "mcsctl")], ["-m", "cloudmap_mcs.cli"]], ids=["file", "module"])
def test_both_ways_in_name_the_commands(program: list[str]) -> None:
    answer = subprocess.run(
        [sys.executable, *program, "--help"], cwd=ROOT, env=ENVIRON, capture_output=True, text=True, check=True
    )

    assert answer.stdout.startswith("Usage: mcsctl ")
    assert {"render", "corefile"} <= set(re.findall(r"^  (\w+) ", answer.stdout, re.MULTILINE))


def test_the_file_is_a_program_that_finds_its_package_from_any_folder(tmp_path: Path) -> None:
    environ = ENVIRON | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{ENVIRON['PATH']}"}
    answer = subprocess.run(
        [str(ROOT / "mcsctl"), "render", "--cluster", "east", "--clusterset", str(ROOT / "clusterset.example.yaml")],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 2
    assert "--namespace-id: missing" in answer.stderr


def test_what_the_command_line_needs_is_locked_for_users_and_not_bundled() -> None:
    def locked(file: str) -> set[str]:
        return set(re.findall(r"^([\w.-]+)==", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE))

    assert {"click", "pydantic", "pyyaml"} <= locked("requirements.txt")
    assert "click" not in locked("requirements/bundle.txt")
