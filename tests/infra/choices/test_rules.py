"""What cdk-nag and cfn-lint say about these stacks, what AWS documents of rights, and that a synth repeats itself."""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from cloudmap_mcs.clusterset import parse
from tests.infra.choices.conftest import EXAMPLE, REGION
from tests.infra.conftest import CANARY, Stack, Synthesized, synthesize
from tests.infra.test_importer import listed
from tests.infra.test_rules import IGNORED


@pytest.fixture(params=["chosen", "without"])
def each(request: pytest.FixtureRequest) -> Synthesized:
    found: Synthesized = request.getfixturevalue(request.param)
    return found


def test_cdk_nag_finds_nothing_that_is_not_acknowledged_with_a_reason(each: Synthesized) -> None:
    findings = {
        (construct["constructPath"], violation["ruleName"])
        for report in each.report["pluginReports"]
        for violation in report["violations"]
        for construct in violation["violatingConstructs"]
    }

    assert {finding for finding in findings if not finding[0].startswith(CANARY)} == set()
    assert findings


def test_cfn_lint_finds_nothing(each: Synthesized) -> None:
    templates = [str(path) for path in each.folder.glob("cloudmap-mcs-*.template.json")]
    program = Path(sys.executable).with_name("cfn-lint")
    command = [str(program), "--ignore-checks", IGNORED, "--", *templates]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)

    assert len(templates) == 3
    assert answer.stdout + answer.stderr == ""
    assert answer.returncode == 0


@pytest.mark.parametrize("what", ["importer", "installer", "watcher"])
def test_what_a_right_is_limited_to_is_what_aws_documents_for_its_action(home: Stack, what: str) -> None:
    """AWS's service authorization reference, as cfn-lint carries it; an action without resource types takes only *."""
    reference = json.loads(files("cfnlint.data.AdditionalSpecs").joinpath("Policies.json").read_text("utf-8"))
    seen = 0
    for role in home.of_type("AWS::IAM::Role"):
        if what not in role["RoleName"]:
            continue
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
            kinds = {kind(home.text(resource)) for resource in listed(statement["Resource"])}
            for action in listed(statement["Action"]) if statement["Effect"] == "Allow" else ():
                service, _, name = action.partition(":")
                documented = set(reference[service]["Actions"][name.lower()].get("Resources", ["*"]))
                assert kinds <= documented | WIDER.get(action, set()), action
                seen += 1
    assert seen > 10


WIDER = {
    "ec2:AssignPrivateIpAddresses": {"*"},
    "ec2:DeleteNetworkInterface": {"*"},
    "ec2:UnassignPrivateIpAddresses": {"*"},
}
"""Lambda asks for these with `*/*`."""


def kind(resource: str) -> str:
    """Return the resource type of an ARN in the reference's words; <...> is a queue or a function by its attribute."""
    if resource == "*" or resource.startswith("<"):
        return "*" if resource == "*" else "queue"
    service, rest = resource.split(":")[2], resource.split(":", 5)[5]
    special = {"s3": "object", "logs": "log-stream", "sqs": "queue"}
    return special.get(service) or rest.replace(":", "/").partition("/")[0]


def test_two_deploys_of_the_same_input_get_the_same_templates(chosen: Synthesized, tmp_path: Path) -> None:
    synthesize(parse(EXAMPLE, source="example"), tmp_path)
    again = Synthesized(tmp_path / "out", {})

    for path in chosen.folder.glob("cloudmap-mcs-*.template.json"):
        assert path.read_bytes() == (again.folder / path.name).read_bytes()
    assert REGION in str(list(chosen.folder.iterdir()))
