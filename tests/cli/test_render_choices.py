"""What clusterset.yaml chooses for a cluster, as it is printed: its code, its DNS, its identity, its place."""

import json
from pathlib import Path

import pytest

from cloudmap_mcs.domain.installation import DnsMode
from cloudmap_mcs.install.bundle import Bundle, OwnImage
from cloudmap_mcs.install.dns import rights
from cloudmap_mcs.install.stub_zone import StubZone, stub_zone_manifests
from tests.cli.rendered import (
    ARN,
    BUNDLE,
    OUTPUTS,
    ROLE,
    SAID,
    clusterset,
    installed,
    printed,
    refused,
)
from tests.install.settings import A_BUNDLE

pytestmark = pytest.mark.usefixtures("folder")


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
