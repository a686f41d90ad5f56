"""What cdk-nag and cfn-lint say about the templates."""

import subprocess
import sys
from pathlib import Path

from tests.infra.conftest import CANARY, Synthesized

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
