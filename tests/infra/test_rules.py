"""What cdk-nag and cfn-lint say about the templates."""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from tests.infra.conftest import CANARY, Stack, Synthesized
from tests.infra.test_importer import rights

# The CDK's own constructs write DependsOn beside the reference that implies it.
IGNORED = "W3005"


def test_cdk_nag_finds_nothing_that_is_not_acknowledged_with_a_reason(synthesized: Synthesized) -> None:
    findings = {
        (report["pluginName"], construct["constructPath"].partition("/")[0], violation["ruleName"])
        for report in synthesized.report["pluginReports"]
        for violation in report["violations"]
        for construct in violation["violatingConstructs"]
    }

    assert {stack for _, stack, _ in findings} == {CANARY}
    assert len({pack for pack, _, _ in findings}) == 2


def test_cfn_lint_finds_nothing(synthesized: Synthesized) -> None:
    templates = [str(path) for path in synthesized.folder.glob("cloudmap-mcs-*.template.json")]
    program = Path(sys.executable).with_name("cfn-lint")
    command = [str(program), "--ignore-checks", IGNORED, "--", *templates]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)

    assert len(templates) == 2
    assert answer.stdout + answer.stderr == ""
    assert answer.returncode == 0


@pytest.mark.parametrize("role", ["importer", "watcher"])
def test_what_a_right_is_limited_to_is_what_aws_documents_for_its_action(members: Stack, role: str) -> None:
    """AWS's service authorization reference, as cfn-lint carries it; an action without resource types takes only *."""
    reference = json.loads(files("cfnlint.data.AdditionalSpecs").joinpath("Policies.json").read_text("utf-8"))
    granted = rights(members, f"cloudmap-mcs-prod-east-{role}-eu-west-1")
    registry = {
        action.partition(":")[2]: arns for action, arns in granted.items() if action.startswith("servicediscovery:")
    }

    assert registry
    for action, arns in registry.items():
        documented = reference["servicediscovery"]["Actions"][action.lower()].get("Resources", ["*"])
        assert {arn.rpartition("/")[0].rpartition(":")[2] or arn for arn in arns} == set(documented), action
