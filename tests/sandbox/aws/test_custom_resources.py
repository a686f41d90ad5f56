"""Custom resources of the local AWS behave as CloudFormation's do where the installer relies on it."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.aws.server import LocalAws
from tests.sandbox.aws.process import REGION, Stack, allowing, local_aws, make_function, make_role, trusting

pytestmark = pytest.mark.e2e

# Every request is kept in a queue; the properties say what is answered.
PROVIDER = """
import json, boto3, urllib.request
def handler(event, context):
    wanted = event["ResourceProperties"]
    client = boto3.client("sqs")
    client.send_message(QueueUrl=wanted["Queue"], MessageBody=json.dumps(event))
    told = wanted.get(event["RequestType"], "")
    if told == "silence":
        return
    answer = {
        "Status": "FAILED" if told else "SUCCESS", "Reason": told, "Data": {"Told": "yes"},
        "PhysicalResourceId": wanted["Id"],
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    body = json.dumps(answer).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], body, method="PUT"))
"""
NUMBERS = count()


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with local_aws(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture(scope="module")
def provider(aws: LocalAws) -> str:
    role = make_role(aws, "provider", trusting("lambda.amazonaws.com"), allowing(["sqs:SendMessage"], "*"))
    return make_function(aws, "provider", PROVIDER, role)


class Requests:
    """A stack with one custom resource, and what its function was asked."""

    def __init__(self, aws: LocalAws, provider: str) -> None:
        self._sqs = aws.client("sqs")
        name = f"custom-{next(NUMBERS)}"
        self._queue = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        self._provider = provider
        self.stack = Stack(aws, name)

    def put(self, **properties: str) -> None:
        given = {"ServiceToken": self._provider, "ServiceTimeout": "20", "Queue": self._queue, **properties}
        self.stack.put({"Thing": {"Type": "Custom::Thing", "Properties": given}})

    def seen(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while messages := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=1).get("Messages"):
            found += [json.loads(message["Body"]) for message in messages]
            self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=messages[0]["ReceiptHandle"])
        return found

    def told(self) -> list[tuple[str, str | None]]:
        return [(event["RequestType"], event.get("PhysicalResourceId")) for event in self.seen()]


@pytest.fixture
def requests(aws: LocalAws, provider: str) -> Requests:
    return Requests(aws, provider)


def test_it_is_created_updated_and_deleted_with_its_id_and_its_old_properties(requests: Requests) -> None:
    requests.put(Id="a", Word="one")
    requests.put(Id="a", Word="two")
    requests.stack.remove()
    created, updated, deleted = requests.seen()

    assert [event["RequestType"] for event in (created, updated, deleted)] == ["Create", "Update", "Delete"]
    assert "PhysicalResourceId" not in created
    assert updated["OldResourceProperties"]["Word"] == "one"
    assert (updated["PhysicalResourceId"], deleted["PhysicalResourceId"]) == ("a", "a")
    assert deleted["ResourceProperties"]["Word"] == "two"
    assert created["ResourceProperties"]["ServiceTimeout"] == "20"


def test_another_id_is_a_replacement_and_the_old_one_is_deleted(requests: Requests) -> None:
    requests.put(Id="a")
    requests.put(Id="b")

    assert requests.told() == [("Create", None), ("Update", "a"), ("Delete", "a")]


def test_equal_properties_are_no_update(requests: Requests) -> None:
    requests.put(Id="a")
    requests.stack.put(
        {
            "Thing": {"Type": "Custom::Thing", "Properties": requests.seen()[0]["ResourceProperties"]},
            "Other": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "x"}},
        }
    )

    assert requests.told() == []


def test_a_failed_create_tells_its_reason_and_is_deleted_by_the_id_of_its_answer(requests: Requests) -> None:
    with pytest.raises(AssertionError, match="the agent is missing"):
        requests.put(Id="a/refused", Create="the agent is missing")

    assert requests.told() == [("Create", None), ("Delete", "a/refused")]


def test_a_failed_delete_after_a_failed_create_is_told_too(requests: Requests) -> None:
    with pytest.raises(AssertionError, match="the agent is missing; and its Delete failed: it stays"):
        requests.put(Id="a", Create="the agent is missing", Delete="it stays")


def test_a_failed_update_is_sent_back(requests: Requests) -> None:
    requests.put(Id="a", Word="one")
    with pytest.raises(AssertionError, match="not like this"):
        requests.put(Id="a", Word="two", Update="not like this")
    words = [(event["RequestType"], event["ResourceProperties"]["Word"]) for event in requests.seen()]

    assert words == [("Create", "one"), ("Update", "two"), ("Update", "one")]


def test_a_function_that_never_answers_fails_the_resource_after_its_service_timeout(requests: Requests) -> None:
    with pytest.raises(AssertionError, match="timed out after 1s"):
        requests.put(Id="a", Create="silence", ServiceTimeout="1")


def test_the_answer_goes_to_the_local_aws_itself(aws: LocalAws, requests: Requests) -> None:
    requests.put(Id="a")
    url = urlsplit(requests.seen()[0]["ResponseURL"])

    assert (url.scheme, url.netloc) == ("http", f"127.0.0.1:{aws.port}")
    assert url.path.startswith("/_ministack/cfn-response/")
    assert aws.region == REGION
