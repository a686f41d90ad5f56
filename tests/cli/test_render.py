"""What is printed for a cluster, and what is told of input that does not suffice."""

import json
from pathlib import Path
from typing import Any

import pytest

from cloudmap_mcs.install.dns import rights
from tests.cli.rendered import (
    BUNDLE,
    BUS,
    CLUSTERSET,
    SAID,
    installed,
    printed,
    refused,
    rendered,
)
from tests.install.settings import A_BUNDLE

pytestmark = pytest.mark.usefixtures("folder")


def test_all_that_is_installed_comes_in_its_order_and_the_rights_of_dns_come_last() -> None:
    assert printed(*SAID) == [*installed(), *rights()]


def test_a_cluster_whose_dns_does_not_serve_the_zone_needs_no_rights_for_it() -> None:
    assert printed(*SAID, "--no-dns") == installed()


def test_each_cluster_is_told_who_it_is_also_a_leaving_one() -> None:
    for cluster in ("west", "old"):
        told = [each for each in printed(*SAID, cluster=cluster) if each["kind"] == "ClusterProperty"]
        assert {each["metadata"]["name"]: each["spec"]["value"] for each in told} == {
            "cluster.clusterset.k8s.io": cluster,
            "clusterset.k8s.io": "prod",
        }


def test_the_deploys_outputs_say_the_same_as_the_options() -> None:
    from_outputs = rendered("--outputs", "outputs.json", "--image", "registry.example/watcher:1")

    assert from_outputs.exit_code == 0
    assert from_outputs.stdout == rendered(*SAID).stdout


def test_an_option_goes_before_the_outputs() -> None:
    arn = "arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-1"

    found = printed("--outputs", "outputs.json", "--namespace-id", arn, "--image", "registry.example/watcher:1")

    assert found == [*installed(namespace_id=arn), *rights()]


def test_the_watchers_code_may_be_in_zips() -> None:
    found = printed(*SAID[:4], "--bundle", "bundle.json", "--no-dns")

    assert found == installed(code=A_BUNDLE)


def test_the_header_says_what_made_it_for_which_cluster() -> None:
    header = [line for line in rendered(*SAID).stdout.splitlines() if line.startswith("# ")]

    assert "mcsctl render" in header[0]
    assert "cluster east of prod" in header[0]


def test_equal_input_gives_equal_bytes_wherever_it_is(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.yaml"
    elsewhere.write_text(CLUSTERSET, encoding="utf-8")

    assert rendered(*SAID, "--clusterset", str(elsewhere)).stdout == rendered(*SAID).stdout


def test_every_mistake_in_the_clusterset_is_told_at_once() -> None:
    Path("clusterset.yaml").write_text(
        "clusterset: Prod\nhub: {account: 12, region: eu-west-1}\nclusters: []\n", encoding="utf-8"
    )

    told = refused(*SAID, status=1)

    assert all(f"  {path}: " in told for path in ("clusterset", "hub.account", "clusters"))


def test_a_clusterset_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "clusterset.example.yaml" in refused(*SAID, "--clusterset", str(tmp_path / "none.yaml"), status=1)


def test_an_unknown_cluster_is_told_with_those_there_are() -> None:
    told = refused(*SAID, cluster="nord", status=2)

    assert "'nord'" in told
    assert "west, east, old" in told


def test_all_that_is_missing_is_told_at_once() -> None:
    told = refused(status=2)

    assert all(option in told for option in ("--namespace-id: missing", "--bus-arn: missing", "--image or --bundle"))


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        ("--namespace-id", "mcs.prod", "ns-..."),
        ("--namespace-id", "arn:aws:servicediscovery:eu-west-1:1:namespace/ns-1", "ns-..."),
        ("--bus-arn", "cloudmap-mcs-prod", "eu-west-1:123456789012"),
        ("--bus-arn", BUS.replace("eu-west-1", "us-east-1"), "eu-west-1:123456789012"),
        ("--bus-arn", BUS.replace("123456789012", "210987654321"), "eu-west-1:123456789012"),
    ],
)
def test_what_cannot_be_this_clustersets_hub_is_refused(option: str, value: str, allowed: str) -> None:
    told = refused(*SAID, option, value, status=2)

    assert f"{option}: {value!r} is not allowed" in told
    assert allowed in told


def test_the_code_is_in_one_place() -> None:
    assert "either --image or --bundle" in refused(*SAID, "--bundle", "bundle.json", status=2)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        ("{", "cannot be read"),
        ("[]", "has no stack cloudmap-mcs-prod-hub, but none at all"),
        ('{"cloudmap-mcs-dev-hub": {}}', "has no stack cloudmap-mcs-prod-hub, but cloudmap-mcs-dev-hub"),
        ('{"cloudmap-mcs-prod-hub": {"NamespaceId": "ns-1", "NamespaceArn": "arn"}}', "no output BusArn in the stack"),
        ('{"cloudmap-mcs-prod-hub": null}', "no output NamespaceId"),
    ],
)
def test_outputs_of_no_or_another_deploy_are_told_with_the_way_to_get_them(content: str | None, says: str) -> None:
    Path("outputs.json").unlink()
    if content is not None:
        Path("outputs.json").write_text(content, encoding="utf-8")

    told = refused("--outputs", "outputs.json", "--image", "registry.example/watcher:1", status=1)

    assert says in told
    assert "npx cdk deploy --all --outputs-file outputs.json" in told


@pytest.mark.parametrize(
    ("changes", "mistakes"),
    [
        ({"bucket": "", "arm64": {"key": "a.zip", "sha256": "abc"}}, ["bucket", "arm64.sha256"]),
        ({"amd64": {"sha256": "b" * 64}, "colour": "red"}, ["amd64.key", "colour"]),
        ({"image": "clusterset.yaml says it"}, ["image"]),
    ],
)
def test_every_mistake_in_the_bundles_description_is_told(changes: dict[str, Any], mistakes: list[str]) -> None:
    Path("bundle.json").write_text(json.dumps(BUNDLE | changes), encoding="utf-8")

    told = refused(*SAID[:4], "--bundle", "bundle.json", status=1)

    assert [line.split(":")[0].strip() for line in told.splitlines()[1:]] == mistakes


@pytest.mark.parametrize("content", [None, "", "[]"])
def test_a_description_that_is_none_is_told(content: str | None) -> None:
    Path("bundle.json").unlink()
    if content is not None:
        Path("bundle.json").write_text(content, encoding="utf-8")

    assert "bundle.json" in refused(*SAID[:4], "--bundle", "bundle.json", status=1)
