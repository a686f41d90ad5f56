"""Functions of the local AWS as the product deploys them: in a VPC, with reserved concurrency, reading single keys."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.server import LocalAws
from tests.sandbox.aws.process import (
    ACCOUNT,
    REGION,
    Stack,
    allowing,
    client_of,
    decisions,
    local_aws,
    make_role,
    trusting,
)
from tests.sandbox.aws.tokens import assumed

pytestmark = pytest.mark.e2e

LAMBDA = trusting("lambda.amazonaws.com")
CODE = """
import os, boto3
def handler(event, context):
    caller = boto3.client("sts").get_caller_identity()
    return {"account": caller["Account"], "arn": caller["Arn"], "region": os.environ["AWS_REGION"]}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("aws")


@pytest.fixture(scope="module")
def aws(folder: Path) -> Iterator[LocalAws]:
    with local_aws(folder) as running:
        yield running


def function(name: str, role: str, **properties: Any) -> dict[str, Any]:
    given = {"FunctionName": name, "Role": role, "Runtime": "python3.13", "Handler": "index.handler"}
    return {"Type": "AWS::Lambda::Function", "Properties": {**given, "Code": {"ZipFile": CODE}, **properties}}


def invoked(aws: LocalAws, name: str) -> dict[str, Any]:
    answer = aws.client("lambda").invoke(FunctionName=name)
    assert "FunctionError" not in answer
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    return found


def test_a_function_in_a_vpc_is_deployed_with_it_and_runs(aws: LocalAws) -> None:
    network = {"SubnetIds": ["subnet-0123abcd"], "SecurityGroupIds": ["sg-0123abcd"]}
    role = make_role(aws, "inside", LAMBDA, allowing(["sqs:SendMessage"], "*"))
    Stack(aws, "vpc").put({"Function": function("inside", role, VpcConfig=network)})
    found = aws.client("lambda").get_function_configuration(FunctionName="inside")["VpcConfig"]

    assert (found["SubnetIds"], found["SecurityGroupIds"]) == (["subnet-0123abcd"], ["sg-0123abcd"])
    assert invoked(aws, "inside")["arn"].startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/inside/")


def test_reserved_concurrency_is_deployed_and_holds(aws: LocalAws) -> None:
    role = make_role(aws, "reserved", LAMBDA, allowing(["sqs:SendMessage"], "*"))
    Stack(aws, "reserved").put(
        {
            "One": function("one-at-a-time", role, ReservedConcurrentExecutions=1),
            "None": function("never", role, ReservedConcurrentExecutions=0),
        }
    )
    client = aws.client("lambda")

    assert client.get_function_concurrency(FunctionName="one-at-a-time")["ReservedConcurrentExecutions"] == 1
    assert invoked(aws, "one-at-a-time")["account"] == ACCOUNT
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        client.invoke(FunctionName="never")


def mapping(aws: LocalAws, name: str, *actions: str) -> None:
    """Map a queue to a function whose role may do these actions to it."""
    queue = aws.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue.rpartition('/')[2]}"
    role = make_role(aws, name, LAMBDA, allowing([f"sqs:{action}" for action in actions], arn))
    source = {"FunctionName": {"Ref": "Function"}, "EventSourceArn": arn}
    made = {"Type": "AWS::Lambda::EventSourceMapping", "Properties": source}
    Stack(aws, name).put({"Function": function(name, role), "Mapping": made})


def test_a_queue_is_mapped_to_a_function_only_if_its_role_may_read_it(aws: LocalAws, folder: Path) -> None:
    needed = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
    mapping(aws, "mapped", *needed)
    used = [line["action"] for line in decisions(folder, "mapped") if line["action"].startswith("sqs:")]

    assert used == [f"sqs:{action}" for action in needed]
    with pytest.raises(AssertionError, match="does not have permissions to call DeleteMessage on SQS"):
        mapping(aws, "unmapped", "ReceiveMessage", "GetQueueAttributes")


def test_a_function_of_another_account_and_region_is_itself_there(aws: LocalAws) -> None:
    there = aws.at("210987654321", "eu-west-1")
    role = make_role(there, "abroad", LAMBDA, allowing(["sqs:SendMessage"], "*"))
    Stack(there, "abroad").put({"Function": function("abroad", role)})
    found = invoked(there, "abroad")

    assert found == {
        "account": "210987654321",
        "arn": "arn:aws:sts::210987654321:assumed-role/abroad/abroad",
        "region": "eu-west-1",
    }


def test_a_session_reads_the_keys_it_was_given_and_nothing_else(aws: LocalAws) -> None:
    root = aws.client("s3")
    root.create_bucket(Bucket="assets")
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("index.py", CODE)
    for key in ("given.zip", "other.zip"):
        root.put_object(Bucket="assets", Key=key, Body=package.getvalue())
    policy = allowing(["s3:GetObject"], "arn:aws:s3:::assets/given.zip")
    client = client_of(aws, assumed(aws, make_role(aws, "reader", LAMBDA, policy)), "s3")

    assert client.get_object(Bucket="assets", Key="given.zip")["Body"].read() == package.getvalue()
    for call, parameters in (
        ("get_object", {"Key": "other.zip"}),
        ("put_object", {"Key": "given.zip", "Body": b""}),
        ("list_objects_v2", {}),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(client, call)(Bucket="assets", **parameters)
