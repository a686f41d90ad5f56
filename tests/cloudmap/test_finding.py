"""Pages of ListNamespaces such as the simulator, with its quota of namespaces, cannot give."""

from collections.abc import Iterator

import boto3
import pytest
from botocore.stub import Stubber

from cloudmap_mcs.cloudmap.finding import Found, find_namespace
from tests.cloudmap.handheld import HandTimer

OWNER = "123456789012"
ARN = f"arn:aws:servicediscovery:eu-west-1:{OWNER}:namespace/ns-1"
ITEM = {"Id": "ns-1", "Arn": ARN, "Name": "mcs.demo", "Type": "HTTP", "ResourceOwner": OWNER}


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1").client(
        "servicediscovery"
    )
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()
    client.close()


def test_it_is_found_behind_a_page_without_a_match(stub: Stubber) -> None:
    stub.add_response("list_namespaces", {"Namespaces": [], "NextToken": "more", "ResponseMetadata": {}})
    stub.add_response("list_namespaces", {"Namespaces": [ITEM], "ResponseMetadata": {}})

    assert find_namespace(stub.client, "mcs.demo", owner=OWNER, timer=HandTimer()) == Found("ns-1", ARN)


def test_what_another_account_shares_is_not_the_hubs(stub: Stubber) -> None:
    stub.add_response("list_namespaces", {"Namespaces": [ITEM], "ResponseMetadata": {}})

    assert find_namespace(stub.client, "mcs.demo", owner="999999999999", timer=HandTimer()) is None
