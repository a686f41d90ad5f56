"""`pip install -r requirements.txt && npx cdk deploy` on a fresh clone: all that the CDK's program imports is in it."""

import json
import os
import re
import shlex
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ENVIRON = os.environ  # noqa: TID251 -- aws_cdk starts Node when it is imported
ROOT = Path(__file__).resolve().parents[2]
IMPORTED = """
import importlib.util, json, sys
before = set(sys.modules)
spec = importlib.util.spec_from_file_location("app", sys.argv[1])
spec.loader.exec_module(importlib.util.module_from_spec(spec))
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_whatever_synthesizing_imports_is_in_requirements() -> None:
    command = [sys.executable, "-c", IMPORTED, str(ROOT / "app.py")]
    environment = {**ENVIRON, "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    distributions = packages_distributions()
    used = {normal(name) for module in json.loads(answer.stdout) for name in distributions.get(module, ())}
    locked = {
        normal(name) for name in re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    }

    assert {"aws-cdk-lib", "pydantic", "pyyaml"} <= used
    assert used <= locked


def test_the_cdk_runs_our_program_in_whatever_environment_is_active() -> None:
    program, script = shlex.split(json.loads((ROOT / "cdk.json").read_text())["app"])

    assert program == "python3"
    assert (ROOT / script).is_file()
