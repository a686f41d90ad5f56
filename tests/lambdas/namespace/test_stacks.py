"""CloudFormation's word on a stack, and what it means if there is none."""

from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import Stubber

from cloudmap_mcs.errors import RetryableError
from lambdas.namespace.stacks import state_of


@pytest.fixture
def stub() -> Iterator[Stubber]:
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1")
    client = session.client("cloudformation")
    with Stubber(client) as stubber:
        yield stubber
    client.close()


def test_the_state_is_that_of_the_stack(stub: Stubber) -> None:
    stack = {"StackName": "hub", "CreationTime": datetime(2026, 1, 1, tzinfo=UTC), "StackStatus": "DELETE_IN_PROGRESS"}
    stub.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": "arn"})

    assert state_of(stub.client, "arn") == "DELETE_IN_PROGRESS"


def test_without_an_answer_nothing_is_guessed(stub: Stubber) -> None:
    stub.add_client_error("describe_stacks", "AccessDenied")
    with pytest.raises(RetryableError, match="DescribeStacks of arn: AccessDenied; delete the stack again"):
        state_of(stub.client, "arn")
