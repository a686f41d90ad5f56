"""Functions that run in a VPC."""

from typing import Any

import pytest

from infra.installation import RESOURCE_TYPE
from tests.infra.choices.conftest import HOME, REGION
from tests.infra.conftest import Stack
from tests.infra.test_importer import listed

EC2 = f"arn:aws:ec2:{REGION}:{HOME}"
CLOSED = {"SubnetIds": ["subnet-00000001", "subnet-00000002"], "SecurityGroupIds": ["sg-00000001"]}


def installer_of(stack: Stack, cluster: str) -> dict[str, Any]:
    function = stack.one(RESOURCE_TYPE, Cluster=cluster)["ServiceToken"]["Fn::GetAtt"][0]
    properties: dict[str, Any] = stack.template["Resources"][function]["Properties"]
    return properties


def importer_of(stack: Stack, cluster: str) -> dict[str, Any]:
    return stack.one("AWS::Lambda::Function", FunctionName=f"cloudmap-mcs-shop-{cluster}-importer")


def test_importers_run_where_the_file_says(home: Stack) -> None:
    networks = {name: importer_of(home, name).get("VpcConfig") for name in ("open", "closed", "apart", "guest")}

    assert networks == {
        "open": None,
        "closed": CLOSED,
        "apart": {"SubnetIds": ["subnet-00000003"], "SecurityGroupIds": ["sg-00000001", "sg-00000002"]},
        "guest": CLOSED,
    }


def test_installers_run_beside_the_importers(home: Stack) -> None:
    for cluster in ("open", "closed", "apart", "guest"):
        assert installer_of(home, cluster).get("VpcConfig") == importer_of(home, cluster).get("VpcConfig")


def test_a_network_is_no_part_of_a_functions_name(home: Stack, without_network: Stack) -> None:
    """CloudFormation refuses another ServiceToken: a cluster that gets a network must keep its installer's name."""
    before, after = (
        {told["Cluster"]: told["ServiceToken"] for told in stack.of_type(RESOURCE_TYPE)}
        for stack in (without_network, home)
    )

    assert before == after
    assert not [f for f in without_network.of_type("AWS::Lambda::Function") if "VpcConfig" in f]
    names = [{f["FunctionName"] for f in stack.of_type("AWS::Lambda::Function")} for stack in (home, without_network)]
    assert names[0] == names[1]


def statements(stack: Stack, role: str, effect: str) -> list[dict[str, Any]]:
    """Return the statements about EC2 of a role."""
    (policy,) = stack.one("AWS::IAM::Role", RoleName=role)["Policies"]
    return [
        statement
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == effect and any(a.startswith("ec2:") for a in listed(statement["Action"]))
    ]


ROLES = (f"cloudmap-mcs-shop-closed-importer-{REGION}", f"cloudmap-mcs-shop-closed-installer-{REGION}")


@pytest.mark.parametrize("role", ROLES)
def test_lambda_may_make_interfaces_in_these_subnets_only(home: Stack, role: str) -> None:
    allowed = {
        action: {home.text(r) for r in listed(statement["Resource"])}
        for statement in statements(home, role, "Allow")
        for action in listed(statement["Action"])
    }

    anything = f"{EC2}:*/*"
    assert allowed == {
        "ec2:CreateNetworkInterface": {
            f"{EC2}:subnet/subnet-00000001",
            f"{EC2}:subnet/subnet-00000002",
            f"{EC2}:security-group/sg-00000001",
            f"{EC2}:network-interface/*",
        },
        "ec2:DeleteNetworkInterface": {anything},
        "ec2:AssignPrivateIpAddresses": {anything},
        "ec2:UnassignPrivateIpAddresses": {anything},
        "ec2:DescribeNetworkInterfaces": {"*"},
        "ec2:DescribeSubnets": {"*"},
    }


@pytest.mark.parametrize("role", ROLES)
def test_what_lambda_may_the_functions_code_may_not(home: Stack, role: str) -> None:
    allowed = {action for each in statements(home, role, "Allow") for action in listed(each["Action"])}
    (denied,) = statements(home, role, "Deny")
    source = denied["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"]

    assert set(denied["Action"]) == allowed
    assert denied["Resource"] == "*"
    assert home.text(source) == f"arn:aws:lambda:{REGION}:{HOME}:function:{role.removesuffix(f'-{REGION}')}"


def test_without_a_network_nothing_is_granted_in_ec2(home: Stack) -> None:
    for role in (f"cloudmap-mcs-shop-open-importer-{REGION}", f"cloudmap-mcs-shop-open-installer-{REGION}"):
        assert statements(home, role, "Allow") == []
