import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from cloudmap_mcs.cli.__main__ import mcsctl
from cloudmap_mcs.domain.installation import DnsMode
from cloudmap_mcs.install.bundle import Bundle, OwnImage
from cloudmap_mcs.install.dns import rights
from cloudmap_mcs.install.rendering import InstallSettings, render
from cloudmap_mcs.install.stub_zone import StubZone, stub_zone_manifests
from cloudmap_mcs.install.watcher import WatcherDeployment
from tests.install.settings import A_BUNDLE

BUS = "arn:aws:events:eu-west-1:123456789012:event-bus/cloudmap-mcs-prod"
NAMESPACE = "ns-abcdefghijklmnop"
CLUSTERSET = """
clusterset: prod
hub: {account: "123456789012", region: eu-west-1}
resync_minutes: 6
watcher: {replicas: 3, log_level: DEBUG}
clusters:
  - {id: west, eks: prod-west}
  - {id: east, eks: prod-east}
  - {id: old, eks: prod-old, state: leaving}
"""
ARN = f"arn:aws:servicediscovery:eu-west-1:123456789012:namespace/{NAMESPACE}"
ROLE = "arn:aws:iam::123456789012:role/cloudmap-mcs-prod-east-watcher-eu-west-1"
OUTPUTS = {
    "cloudmap-mcs-other-hub": {
        "NamespaceId": "ns-other",
        "BusArn": "arn:aws:events:eu-west-1:123456789012:event-bus/o",
    },
    "cloudmap-mcs-prod-hub": {"NamespaceId": NAMESPACE, "NamespaceArn": ARN, "BusArn": BUS},
    "cloudmap-mcs-prod-member-123456789012-eu-west-1": {
        "Text": "no JSON",
        "Number": 1,
        "westFacts": json.dumps({"cluster": "west"}),
        "eastFacts": json.dumps({"cluster": "east", "watcherRoleArn": ROLE}),
    },
    "cloudmap-mcs-prod-member-none": None,
}
BUNDLE = {
    "region": A_BUNDLE.region,
    "bucket": A_BUNDLE.bucket,
    "arm64": {"key": A_BUNDLE.arm64.key, "sha256": A_BUNDLE.arm64.sha256},
    "amd64": {"key": A_BUNDLE.amd64.key, "sha256": A_BUNDLE.amd64.sha256},
}
SAID = ("--namespace-id", NAMESPACE, "--bus-arn", BUS, "--image", "registry.example/watcher:1")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every command in a folder with all the files it may read."""
    monkeypatch.chdir(tmp_path)
    Path("clusterset.yaml").write_text(CLUSTERSET, encoding="utf-8")
    Path("outputs.json").write_text(json.dumps(OUTPUTS), encoding="utf-8")
    Path("bundle.json").write_text(json.dumps(BUNDLE), encoding="utf-8")


def rendered(*options: str, cluster: str = "east") -> Result:
    return CliRunner().invoke(mcsctl, ["render", "--cluster", cluster, *options])


def printed(*options: str, cluster: str = "east") -> list[dict[str, Any]]:
    answer = rendered(*options, cluster=cluster)
    assert (answer.exit_code, answer.stderr) == (0, "")
    return list(yaml.safe_load_all(answer.stdout))


def refused(*options: str, cluster: str = "east", status: int) -> str:
    answer = rendered(*options, cluster=cluster)
    assert (answer.exit_code, answer.stdout) == (status, "")
    assert "Traceback" not in answer.stderr
    return answer.stderr


def clusterset(**changes: str) -> None:
    """Write the file anew, with other keys of the cluster east or of the whole."""
    text = CLUSTERSET
    for key, value in changes.items():
        if key == "east":
            text = text.replace("eks: prod-east}", f"eks: prod-east, {value}}}")
        else:
            text = "\n".join(line for line in text.splitlines() if not line.startswith(f"{key}:"))
            text += f"\n{key}: {value}\n"
    Path("clusterset.yaml").write_text(text, encoding="utf-8")


def installed(
    *, dns: DnsMode = DnsMode.MANAGED, stub_zone: StubZone | None = None, role: str = "", **changes: Any
) -> list[dict[str, Any]]:
    defaults: dict[str, Any] = {
        "clusterset": "prod",
        "members": ("east", "west"),
        "namespace_id": NAMESPACE,
        "bus_arn": BUS,
        "hub_region": "eu-west-1",
        "resync_seconds": 360,
        "code": OwnImage(image="registry.example/watcher:1"),
        "replicas": 3,
        "log_level": "DEBUG",
    }
    watcher = WatcherDeployment(**defaults | changes)
    settings = InstallSettings(
        cluster="east", watcher=watcher, dns=dns, stub_zone=stub_zone or StubZone(), watcher_role_arn=role
    )
    return list(render(settings))


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


def test_one_architecture_may_be_missing_and_the_base_image_is_the_clustersets() -> None:
    clusterset(watcher="{replicas: 3, log_level: DEBUG, base_image: mirror.example/python:3.13}")
    Path("bundle.json").write_text(json.dumps({**BUNDLE, "arm64": None}), encoding="utf-8")

    found = printed(*SAID[:4], "--bundle", "bundle.json", "--no-dns")

    code = Bundle(
        region=A_BUNDLE.region, bucket=A_BUNDLE.bucket, amd64=A_BUNDLE.amd64, image="mirror.example/python:3.13"
    )
    assert found == installed(code=code)


def test_a_bundle_without_any_archive_is_refused() -> None:
    Path("bundle.json").write_text(json.dumps({**BUNDLE, "arm64": None, "amd64": None}), encoding="utf-8")

    assert "there must be a zip" in refused(*SAID[:4], "--bundle", "bundle.json", status=1)


def test_the_watchers_image_and_its_priority_are_the_clustersets() -> None:
    clusterset(watcher="{replicas: 3, log_level: DEBUG, image: 'mirror.example/watcher:2', priority_class: platform}")

    code = OwnImage(image="mirror.example/watcher:2")
    assert printed(*SAID[:4], "--no-dns") == installed(code=code, priority_class="platform")
    assert printed(*SAID, "--no-dns") == installed(priority_class="platform")
    assert "either --image or --bundle" in refused(*SAID[:4], "--bundle", "bundle.json", status=2)


def test_a_stub_zone_brings_its_own_coredns_and_no_rights_for_the_clusters() -> None:
    clusterset(east="dns: stub-zone", stub_zone="{image: 'mirror.example/coredns:v1.14.0', replicas: 3}")

    found = printed(*SAID)

    own = StubZone(image="mirror.example/coredns:v1.14.0", replicas=3)
    assert found == installed(dns=DnsMode.STUB_ZONE, stub_zone=own)
    assert found[-7:] == list(stub_zone_manifests(own))
    assert printed(*SAID, "--no-dns") == installed()
    assert printed(*SAID, cluster="west")[-2:] == list(rights())


def test_by_hand_the_clusters_coredns_gets_its_rights_too() -> None:
    clusterset(east="dns: manual")

    assert printed(*SAID) == [*installed(), *rights()]


IRSA = "identity: irsa, oidc_issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/0123ABCD'"


@pytest.mark.parametrize(
    "said",
    [("--watcher-role-arn", ROLE, *SAID), ("--outputs", "outputs.json", "--image", "registry.example/watcher:1")],
)
def test_with_irsa_the_service_account_names_the_role(said: tuple[str, ...]) -> None:
    clusterset(east=IRSA)

    found = printed(*said, "--no-dns")

    assert found == installed(role=ROLE)
    (account,) = [each for each in found if each["kind"] == "ServiceAccount"]
    assert account["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": ROLE}


def test_without_irsa_no_role_is_named() -> None:
    assert printed(*SAID, "--watcher-role-arn", ROLE, "--no-dns") == installed()


def test_with_irsa_the_role_must_be_known() -> None:
    clusterset(east=IRSA)
    Path("without.json").write_text(json.dumps({"cloudmap-mcs-prod-hub": OUTPUTS["cloudmap-mcs-prod-hub"]}))

    assert "--watcher-role-arn: missing, as is --outputs; allowed is the ARN of an IAM role" in refused(*SAID, status=2)
    assert "'admin' is not allowed" in refused(*SAID, "--watcher-role-arn", "admin", status=2)
    assert "no output of a member stack about the cluster east" in refused(*SAID, "--outputs", "without.json", status=1)


ELSEWHERE = [
    pytest.param("region: us-east-1", id="region"),
    pytest.param("account: '210987654321'", id="account"),
    pytest.param("account: '210987654321', functions_account: '123456789012'", id="account-with-functions-at-the-hub"),
]


@pytest.mark.parametrize("place", ELSEWHERE)
def test_elsewhere_the_namespace_goes_by_its_arn(place: str) -> None:
    clusterset(east=place)

    found = printed("--outputs", "outputs.json", "--image", "registry.example/watcher:1", "--no-dns")

    assert found == installed(namespace_id=ARN)
    assert "allowed is the ARN of a Cloud Map namespace" in refused(*SAID, status=2)


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
