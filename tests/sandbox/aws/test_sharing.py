"""A resource share of CloudFormation decides which accounts see a Cloud Map namespace."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.aws.server import LocalAws
from tests.sandbox.aws.process import REGION, Stack, local_aws

pytestmark = pytest.mark.e2e

CONSUMER = "210987654321"
THIRD = "333333333333"
NAMESPACE = {"Type": "AWS::ServiceDiscovery::HttpNamespace", "Properties": {"Name": "mcs.test"}}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with local_aws(tmp_path_factory.mktemp("aws")) as running:
        yield running


def share(*principals: str, **properties: Any) -> dict[str, Any]:
    arn = {"Fn::GetAtt": ["Namespace", "Arn"]}
    given = {"Name": "mcs", "ResourceArns": [arn], "Principals": list(principals), **properties}
    return {"Namespace": NAMESPACE, "Share": {"Type": "AWS::RAM::ResourceShare", "Properties": given}}


def seen(aws: LocalAws, account: str, region: str = REGION) -> list[str]:
    client = aws.at(account, region).client("servicediscovery")
    return [found["Name"] for found in client.list_namespaces()["Namespaces"]]


def test_a_share_is_made_changed_and_removed_with_what_its_accounts_see(aws: LocalAws) -> None:
    stack = Stack(aws, "share")
    told = []
    for resources in (
        {"Namespace": NAMESPACE},
        share(CONSUMER),
        share(CONSUMER, THIRD),
        share(THIRD),
        {"Namespace": NAMESPACE},
    ):
        stack.put(resources)
        told.append((seen(aws, CONSUMER), seen(aws, THIRD)))
    stack.remove()

    assert told == [
        ([], []),
        (["mcs.test"], []),
        (["mcs.test"], ["mcs.test"]),
        ([], ["mcs.test"]),
        ([], []),
    ]
    assert seen(aws, CONSUMER, "eu-west-1") == []


@pytest.mark.parametrize(
    ("resources", "reason"),
    [
        (share("arn:aws:organizations::1:organization/o-1"), "is not another account"),
        (share("123456789012"), "is not another account"),
        (share(CONSUMER, ResourceArns=[f"arn:aws:ec2:{REGION}:123456789012:subnet/s"]), "is no Cloud Map namespace"),
        (
            share(CONSUMER, ResourceArns=[f"arn:aws:servicediscovery:{REGION}:{CONSUMER}:namespace/ns-1"]),
            "is no Cloud Map namespace of this account",
        ),
    ],
)
def test_what_it_cannot_share_it_refuses(aws: LocalAws, resources: dict[str, Any], reason: str) -> None:
    with pytest.raises(AssertionError, match=reason):
        Stack(aws, f"refused-{abs(hash(str(resources)))}").put(resources)
