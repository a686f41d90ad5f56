"""The properties of a member, as values, and what is said about wrong ones."""

import pytest

from cloudmap_mcs.domain.installation import DnsMode
from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.install.bundle import Archive, Bundle, OwnImage
from cloudmap_mcs.kube.assuming import AssumedRole
from cloudmap_mcs.settings import InstallerSettings
from lambdas.installer.properties import Order, order
from tests.lambdas.installer.requests import ARN, STACK, properties

DEPLOYED = InstallerSettings("prod", "eu-west-1")
ROLE = "arn:aws:iam::210987654321:role/cloudmap-mcs-prod-east"


def read(**changes: str | None) -> Order:
    return order(properties(**changes), DEPLOYED)


def mistakes(**changes: str | None) -> str:
    with pytest.raises(PermanentError) as refused:
        read(**changes)
    return str(refused.value)


def test_every_property_arrives_where_it_belongs() -> None:
    ordered = read()

    assert ordered.target.arn("aws") == ARN
    assert ordered.target.role is None
    watcher = ordered.settings.watcher
    assert (watcher.clusterset, watcher.members) == ("prod", ("east", "west"))
    assert (watcher.namespace_id, watcher.hub_region) == ("ns-abcdefghijklmnop", "eu-west-1")
    assert (watcher.replicas, watcher.log_level, watcher.resync_seconds) == (2, "INFO", 300)
    assert watcher.code == Bundle(
        region="eu-west-1", bucket="cdk-assets", arm64=Archive(key="arm.zip", sha256="a" * 64), amd64=None
    )
    wanted = ordered.wanted(STACK)
    assert (wanted.cluster, wanted.dns, wanted.uses_pod_identity) == ("east", DnsMode.MANAGED, True)
    (fetch,) = wanted.parts.watcher[-1]["spec"]["template"]["spec"]["initContainers"]
    assert {"name": "BUNDLE_KEY_aarch64", "value": "arm.zip"} in fetch["env"]
    assert not any("x86_64" in variable["name"] for variable in fetch["env"])


def test_what_is_left_out_has_the_defaults_of_the_clusterset_file() -> None:
    names = ("ResyncSeconds", "WatcherReplicas", "WatcherLogLevel", "WatcherPriorityClass", "Dns", "Identity")

    assert read(**dict.fromkeys((*names, "StubZoneImage", "StubZoneReplicas"))).settings == read().settings


def test_an_image_of_the_users_own_needs_no_bundle() -> None:
    bundle = dict.fromkeys(("BaseImage", "BundleRegion", "BundleBucket", "BundleArm64Key", "BundleArm64Sha256"))

    assert read(**bundle, WatcherImage="registry/watcher:1").settings.watcher.code == OwnImage(
        image="registry/watcher:1"
    )


def test_a_cluster_in_another_account_comes_with_a_role() -> None:
    target = read(Account="210987654321", AssumeRoleArn=ROLE, ExternalId="prod/east").target

    assert target.role == AssumedRole(ROLE, "prod/east")


def test_irsa_gives_the_service_account_its_role() -> None:
    ordered = read(Identity="irsa", WatcherRoleArn=ROLE)

    (account,) = [item for item in ordered.wanted(STACK).parts.rights if item["kind"] == "ServiceAccount"]
    assert account["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": ROLE}
    assert not ordered.wanted(STACK).uses_pod_identity


def test_a_stub_zone_is_rendered_with_its_image() -> None:
    changes = {"StubZoneImage": "mirror/coredns:v1.13.1", "StubZoneReplicas": "3", "WatcherPriorityClass": "high"}
    ordered = read(Dns="stub-zone", **changes)

    assert ordered.wanted(STACK).dns is DnsMode.STUB_ZONE
    (deployment,) = [item for item in ordered.wanted(STACK).parts.dns if item["kind"] == "Deployment"]
    assert deployment["spec"]["replicas"] == 3
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "mirror/coredns:v1.13.1"
    assert deployment["spec"]["template"]["spec"]["priorityClassName"] == "high"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({"Eks": None}, "Eks is missing: it must be the name of an EKS cluster", id="missing"),
        pytest.param({"Region": "Ireland"}, "Region='Ireland': must be a Region", id="region"),
        pytest.param({"Account": "12"}, "Account='12': must be an account id of 12 digits", id="account"),
        pytest.param({"NamespaceId": "mcs.prod"}, "NamespaceId='mcs.prod': must be the id", id="namespace"),
        pytest.param({"BusArn": "bus"}, "BusArn='bus': must be the ARN of an event bus", id="bus"),
        pytest.param({"ResyncSeconds": "5"}, "ResyncSeconds='5': must be a whole number from 60 on", id="resync"),
        pytest.param({"WatcherReplicas": "6"}, "WatcherReplicas='6': must be a whole number from 0 to 5", id="many"),
        pytest.param({"WatcherReplicas": "two"}, "WatcherReplicas='two'", id="words"),
        pytest.param({"WatcherLogLevel": "LOUD"}, "WatcherLogLevel='LOUD': must be one of DEBUG", id="level"),
        pytest.param({"Dns": "none"}, "Dns='none': must be one of managed, stub-zone, manual", id="dns"),
        pytest.param({"StubZoneReplicas": "0"}, "StubZoneReplicas='0': must be a whole number from 1", id="stub"),
        pytest.param({"Identity": "user"}, "Identity='user': must be one of pod-identity, irsa", id="identity"),
        pytest.param({"Identity": "irsa"}, "WatcherRoleArn is missing: it must be the ARN of a role", id="irsa"),
        pytest.param({"AssumeRoleArn": ROLE}, "AssumeRoleArn and ExternalId go together", id="half-a-role"),
        pytest.param({"WatcherImage": "i"}, "WatcherImage and BaseImage: exactly one", id="two-images"),
        pytest.param({"BaseImage": None}, "WatcherImage and BaseImage: exactly one", id="no-image"),
        pytest.param({"BundleArm64Sha256": "x"}, "BundleArm64Sha256='x': must be a SHA-256", id="hash"),
        pytest.param({"BundleAmd64Key": "amd.zip"}, "BundleAmd64Key and BundleAmd64Sha256 go together", id="half"),
        pytest.param(
            {"BundleArm64Key": None, "BundleArm64Sha256": None}, "at least one must be given", id="no-architecture"
        ),
        pytest.param({"Clusterset": "test"}, "Clusterset='test': this function is for 'prod'", id="clusterset"),
        pytest.param({"Members": "east,,west"}, "Members='east,,west': must be cluster ids", id="members"),
        pytest.param({"HubRegion": "eu-west-2"}, "HubRegion='eu-west-2': this function is for 'eu-west-1'", id="hub"),
    ],
)
def test_a_mistake_is_told_with_what_is_allowed(changes: dict[str, str | None], told: str) -> None:
    assert told in mistakes(**changes)


def test_all_mistakes_are_told_together() -> None:
    told = mistakes(Eks=None, Region="x", Dns="y", AssumeRoleArn=ROLE)

    assert all(name in told for name in ("Eks", "Region", "Dns", "ExternalId"))


def test_a_cluster_that_is_leaving_is_no_member_any_more() -> None:
    assert read(Members="west").settings.watcher.members == ("west",)


def test_an_id_that_is_not_valid_is_left_to_the_preflight_which_proposes_one() -> None:
    assert read(Cluster="Prod_East", Members="Prod_East,west").wanted(STACK).cluster == "Prod_East"
