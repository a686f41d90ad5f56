"""What cdk-nag and cfn-lint say about the stacks of several accounts and Regions, and what AWS documents of rights."""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from tests.infra.conftest import CANARY, Synthesized
from tests.infra.several.world import HERE, OTHER, World
from tests.infra.test_importer import rights
from tests.infra.test_rules import IGNORED


def test_cdk_nag_finds_nothing_that_is_not_acknowledged_with_a_reason(several: Synthesized) -> None:
    findings = {
        (construct["constructPath"].partition("/")[0], violation["ruleName"], construct["constructPath"])
        for report in several.report["pluginReports"]
        for violation in report["violations"]
        for construct in violation["violatingConstructs"]
    }

    assert {finding for finding in findings if finding[0] != CANARY} == set()
    assert findings


def test_cfn_lint_finds_nothing(several: Synthesized) -> None:
    templates = [str(path) for path in several.folder.glob("cloudmap-mcs-*.template.json")]
    program = Path(sys.executable).with_name("cfn-lint")
    command = [str(program), "--ignore-checks", IGNORED, "--", *templates]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)

    assert len(templates) == 6
    assert answer.stdout + answer.stderr == ""
    assert answer.returncode == 0


@pytest.mark.parametrize("role", [f"cloudmap-mcs-prod_emptier-{HERE}", f"cloudmap-mcs-prod_finder-{HERE}"])
def test_what_a_right_is_limited_to_is_what_aws_documents_for_its_action(world: World, role: str) -> None:
    """AWS's service authorization reference, as cfn-lint carries it; an action without resource types takes only *."""
    reference = json.loads(files("cfnlint.data.AdditionalSpecs").joinpath("Policies.json").read_text("utf-8"))
    stack = world.hub() if "emptier" in role else world.member(OTHER, HERE)
    granted = {action: arns for action, arns in rights(stack, role).items() if not action.startswith("logs:")}

    assert granted
    for action, arns in granted.items():
        service, _, name = action.partition(":")
        documented = reference[service]["Actions"][name.lower()].get("Resources", ["*"])
        kinds = {arn.split(":", 5)[5].partition("/")[0] if arn != "*" else arn for arn in arns}
        assert kinds == set(documented), action
