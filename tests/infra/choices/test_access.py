"""A cluster whose functions run in another account."""

from typing import Any

import pytest

from cloudmap_mcs.settings import ImporterSettings
from infra.installation import LOOK_TYPE, RESOURCE_TYPE
from tests.infra.choices.conftest import GUESTS, HOME, REGION
from tests.infra.conftest import Stack
from tests.infra.test_importer import listed, rights
from tests.infra.test_installer import prerequisites, resource
from tests.infra.test_seam import Watched

IMPORTER = f"cloudmap-mcs-shop-guest-importer-{REGION}"
INSTALLER = f"cloudmap-mcs-shop-guest-installer-{REGION}"
IMPORTER_ACCESS = f"cloudmap-mcs-shop-guest-importer-access-{REGION}"
INSTALLER_ACCESS = f"cloudmap-mcs-shop-guest-installer-access-{REGION}"
EXTERNAL_ID = "cloudmap-mcs/shop/guest"
CLUSTER = f"arn:aws:eks:{REGION}:{GUESTS}:cluster/guests-shop"
ADDON = f"arn:aws:eks:{REGION}:{GUESTS}:addon/guests-shop/coredns/*"


@pytest.mark.parametrize(("access_role", "function_role"), [(IMPORTER_ACCESS, IMPORTER), (INSTALLER_ACCESS, INSTALLER)])
def test_only_the_functions_role_becomes_the_clusters_role_and_only_with_the_external_id(
    access: Stack, home: Stack, access_role: str, function_role: str
) -> None:
    (trust,) = access.one("AWS::IAM::Role", RoleName=access_role)["AssumeRolePolicyDocument"]["Statement"]
    conditions = trust["Condition"]["StringEquals"]

    assert trust["Action"] == "sts:AssumeRole"
    assert access.text(trust["Principal"]["AWS"]) == f"arn:aws:iam::{HOME}:root"
    assert set(trust["Condition"]) == {"StringEquals"}
    assert access.text(conditions["aws:PrincipalArn"]) == f"arn:aws:iam::{HOME}:role/{function_role}"
    assert conditions["sts:ExternalId"] == EXTERNAL_ID
    home.one("AWS::IAM::Role", RoleName=function_role)


def test_the_importers_role_there_may_find_the_cluster_and_nothing_else(access: Stack) -> None:
    assert rights(access, IMPORTER_ACCESS) == {"eks:DescribeCluster": {CLUSTER}}


def test_the_installers_role_there_may_do_what_an_installer_at_home_does_on_its_cluster(access: Stack) -> None:
    assert rights(access, INSTALLER_ACCESS) == {
        "eks:DescribeCluster": {CLUSTER},
        "eks:ListAddons": {CLUSTER},
        "eks:DescribeAddon": {ADDON},
        "eks:UpdateAddon": {ADDON},
        "eks:DescribeUpdate": {CLUSTER, ADDON},
    }


@pytest.mark.parametrize(("function_role", "access_role"), [(IMPORTER, IMPORTER_ACCESS), (INSTALLER, INSTALLER_ACCESS)])
def test_the_functions_may_become_their_role_there_and_have_no_rights_on_the_cluster_of_their_own(
    home: Stack, function_role: str, access_role: str
) -> None:
    (policy,) = home.one("AWS::IAM::Role", RoleName=function_role)["Policies"]
    granted: list[tuple[str, str]] = [
        (action, home.text(resource))
        for statement in policy["PolicyDocument"]["Statement"]
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]

    assert ("sts:AssumeRole", f"arn:aws:iam::{GUESTS}:role/{access_role}") in granted
    assert [each for each in granted if "guests-shop" in each[1]] == []


def test_the_access_entries_are_for_the_roles_of_the_clusters_account(access: Stack, home: Stack) -> None:
    entries = {
        access.template["Resources"][e["PrincipalArn"]["Fn::GetAtt"][0]]["Properties"]["RoleName"]: e
        for e in access.of_type("AWS::EKS::AccessEntry")
    }

    assert entries.keys() == {IMPORTER_ACCESS, INSTALLER_ACCESS}
    assert entries[IMPORTER_ACCESS]["KubernetesGroups"] == ["cloudmap-mcs:importer"]
    assert "AccessPolicies" not in entries[IMPORTER_ACCESS]
    assert "KubernetesGroups" not in entries[INSTALLER_ACCESS]
    assert "guests-shop" not in {e["ClusterName"] for e in home.of_type("AWS::EKS::AccessEntry")}


def test_the_watcher_is_someone_in_its_clusters_account_and_fetches_its_code_there(access: Stack, home: Stack) -> None:
    role = f"cloudmap-mcs-shop-guest-watcher-{REGION}"
    told = home.one(RESOURCE_TYPE, Cluster="guest")
    bucket = f"cdk-hnb659fds-assets-{GUESTS}-{REGION}"

    access.one("AWS::EKS::PodIdentityAssociation", ClusterName="guests-shop")
    assert told["BundleBucket"] == bucket
    zips = {f"arn:aws:s3:::{bucket}/{told[key]}" for key in ("BundleArm64Key", "BundleAmd64Key")}
    assert rights(access, role)["s3:GetObject"] == zips
    assert role not in {r["RoleName"] for r in home.of_type("AWS::IAM::Role")}


def test_importer_and_installer_are_told_which_role_to_become(home: Stack) -> None:
    function = home.one("AWS::Lambda::Function", FunctionName="cloudmap-mcs-shop-guest-importer")
    variables: dict[str, Any] = function["Environment"]["Variables"]
    told = home.one(RESOURCE_TYPE, Cluster="guest")

    assert home.text(variables["MCS_ASSUME_ROLE_ARN"]) == f"arn:aws:iam::{GUESTS}:role/{IMPORTER_ACCESS}"
    assert variables["MCS_ASSUME_EXTERNAL_ID"] == told["ExternalId"] == EXTERNAL_ID
    assert home.text(told["AssumeRoleArn"]) == f"arn:aws:iam::{GUESTS}:role/{INSTALLER_ACCESS}"
    assert told["Account"] == GUESTS


def test_the_cluster_is_looked_at_from_the_stack_of_its_functions_before_it_is_installed(
    access: Stack, home: Stack
) -> None:
    look, told = resource(home, LOOK_TYPE, Cluster="guest")
    installation, _ = resource(home, RESOURCE_TYPE, Cluster="guest")

    assert look in prerequisites(home, installation)
    assert home.text(told["Properties"]["AssumeRoleArn"]) == f"arn:aws:iam::{GUESTS}:role/{INSTALLER_ACCESS}"
    assert access.of_type(LOOK_TYPE) == []


def test_clusters_at_home_are_reached_without_another_role(home: Stack) -> None:
    function = home.one("AWS::Lambda::Function", FunctionName="cloudmap-mcs-shop-open-importer")
    told = home.one(RESOURCE_TYPE, Cluster="open")

    assert not [name for name in function["Environment"]["Variables"] if "ASSUME" in name]
    assert not {"AssumeRoleArn", "ExternalId"} & set(told)


def test_every_variable_that_the_settings_read_is_set_where_all_are_needed(home: Stack) -> None:
    function = home.one("AWS::Lambda::Function", FunctionName="cloudmap-mcs-shop-guest-importer")
    variables = {name: home.text(value) for name, value in function["Environment"]["Variables"].items()}
    environment = Watched(variables)
    ImporterSettings.from_env(environment)

    assert {name for name in variables if name.startswith("MCS_")} == environment.asked
