"""`installer: off`, and an image of the user's own."""

import json

from infra.installation import RESOURCE_TYPE
from tests.infra.choices.conftest import HOME, REGION
from tests.infra.conftest import Stack, Synthesized

MEMBERS = f"cloudmap-mcs-shop-member-{HOME}-{REGION}"


def test_nothing_of_the_installer_is_there(without: Synthesized) -> None:
    for name in (MEMBERS, "cloudmap-mcs-shop-access-guest"):
        stack = Stack(without.template(name))

        assert stack.of_type(RESOURCE_TYPE) == []
        assert not [r for r in stack.of_type("AWS::IAM::Role") if "installer" in r["RoleName"]]
        assert not [f for f in stack.of_type("AWS::Lambda::Function") if "installer" in f["FunctionName"]]
        assert not [e for e in stack.of_type("AWS::EKS::AccessEntry") if "AccessPolicies" in e]


def test_everything_else_in_aws_is_there_all_the_same(without: Synthesized) -> None:
    stack = Stack(without.template(MEMBERS))

    assert len(stack.of_type("AWS::Lambda::EventSourceMapping")) == 6
    assert len(stack.of_type("AWS::Scheduler::Schedule")) == 6
    assert {e["ClusterName"] for e in stack.of_type("AWS::EKS::AccessEntry")} == {
        f"shop-{name}" for name in ("open", "signed", "closed", "beside", "apart")
    }


def test_with_an_image_of_ones_own_no_watcher_fetches_anything(without: Synthesized) -> None:
    for name in (MEMBERS, "cloudmap-mcs-shop-access-guest"):
        assert "s3:GetObject" not in json.dumps(without.template(name))

        assert not [f for f in without.assets(name)["files"].values() if f["displayName"].startswith("Bundle")]
