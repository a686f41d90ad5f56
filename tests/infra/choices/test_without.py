"""`installer: off`, and an image of the user's own."""

import json
from typing import Any

import pytest

from cloudmap_mcs.clusterset import parse
from infra.installation import LOOK_TYPE, RESOURCE_TYPE
from tests.infra.choices.conftest import EXAMPLE, HOME, REGION
from tests.infra.conftest import Stack, Synthesized
from tests.infra.test_importer import rights

MEMBERS = f"cloudmap-mcs-shop-member-{HOME}-{REGION}"


def test_nothing_of_the_installer_is_there(without: Synthesized) -> None:
    for name in (MEMBERS, "cloudmap-mcs-shop-access-guest"):
        stack = Stack(without.template(name))

        assert stack.of_type(RESOURCE_TYPE) == stack.of_type(LOOK_TYPE) == []
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


CLUSTERS = [cluster.id for cluster in parse(EXAMPLE, source="example").clusters]


def facts(stack: Stack, cluster: str) -> dict[str, Any]:
    """Return what the stack puts out about a cluster."""
    told = [json.loads(stack.text(output["Value"])) for output in stack.template["Outputs"].values()]
    (found,) = [each for each in told if each["cluster"] == cluster]
    return dict(found)


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_the_zips_that_are_told_of_are_those_that_the_watcher_may_fetch(without: Synthesized, cluster: str) -> None:
    told = facts(Stack(without.template(MEMBERS)), cluster)["bundle"]
    its_own = Stack(without.template("cloudmap-mcs-shop-access-guest" if cluster == "guest" else MEMBERS))

    assert told.keys() == {"region", "bucket", "arm64", "amd64"}
    assert told["region"] == REGION
    zips = {f"arn:aws:s3:::{told['bucket']}/{told[name]['key']}" for name in ("arm64", "amd64")}
    assert len(zips) == 2
    assert rights(its_own, f"cloudmap-mcs-shop-{cluster}-watcher-{REGION}")["s3:GetObject"] == zips


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_with_an_image_of_ones_own_no_zips_are_told_of(image: Stack, cluster: str) -> None:
    assert "bundle" not in facts(image, cluster)


def test_with_an_image_of_ones_own_no_watcher_fetches_anything(own_image: Synthesized) -> None:
    for name in (MEMBERS, "cloudmap-mcs-shop-access-guest"):
        assert "s3:GetObject" not in json.dumps(own_image.template(name))

        assert not [f for f in own_image.assets(name)["files"].values() if f["displayName"].startswith("Bundle")]
