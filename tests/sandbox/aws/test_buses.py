"""Events between buses, over accounts and Regions: roles, policies, one hop, and what becomes of the rest."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
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

OTHER, FAR = "210987654321", "eu-west-1"
THIRD = "333333333333"
HERE = (ACCOUNT, REGION)
NUMBERS = count()
PATTERN = json.dumps({"source": ["test"]})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("aws")


@pytest.fixture(scope="module")
def aws(folder: Path) -> Iterator[LocalAws]:
    with local_aws(folder) as running:
        yield running


@dataclass(frozen=True)
class Queue:
    aws: LocalAws
    url: str
    arn: str

    def received(self) -> list[dict[str, Any]]:
        """Take all messages out of it, with their attributes."""
        sqs, found = self.aws.client("sqs"), []
        while got := sqs.receive_message(QueueUrl=self.url, MessageAttributeNames=["All"]).get("Messages"):
            found += got
            sqs.delete_message(QueueUrl=self.url, ReceiptHandle=got[0]["ReceiptHandle"])
        return found

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(message["Body"]) for message in self.received()]


@dataclass(frozen=True)
class Bus:
    """A bus of one account and Region, with a queue that gets all its events."""

    aws: LocalAws
    name: str
    arn: str
    queue: Queue

    @classmethod
    def make(cls, aws: LocalAws, account: str, region: str) -> "Bus":
        there, name = aws.at(account, region), f"bus-{next(NUMBERS)}"
        arn = str(there.client("events").create_event_bus(Name=name)["EventBusArn"])
        bus = cls(there, name, arn, a_queue(there))
        bus.rule(bus.queue.arn)
        return bus

    def rule(self, target: str, **more: Any) -> str:
        """Send all its events to a target; returns the rule's ARN."""
        events, name = self.aws.client("events"), f"rule-{next(NUMBERS)}"
        arn = str(events.put_rule(Name=name, EventBusName=self.name, EventPattern=PATTERN)["RuleArn"])
        targets = [{"Id": "one", "Arn": target, **more}]
        events.put_targets(Rule=name, EventBusName=self.name, Targets=targets)
        return arn

    def let_in(self, principal: str, **condition: Any) -> None:
        statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "events:PutEvents"}
        given = {"EventBusName": self.name, "StatementId": f"s{next(NUMBERS)}"}
        resource = {**statement, "Resource": self.arn, **({"Condition": condition} if condition else {})}
        properties = {**given, "Statement": resource}
        name = f"policy-{next(NUMBERS)}"
        Stack(self.aws, name).put({"Policy": {"Type": "AWS::Events::EventBusPolicy", "Properties": properties}})

    def put(self, word: str = "hello") -> None:
        entry = {"Source": "test", "DetailType": "Test", "Detail": json.dumps({"word": word})}
        answer = self.aws.client("events").put_events(Entries=[{**entry, "EventBusName": self.name}])
        assert answer["FailedEntryCount"] == 0


def a_queue(aws: LocalAws, *, letting: str = "events.amazonaws.com") -> Queue:
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=f"queue-{next(NUMBERS)}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": letting}, "Action": "sqs:SendMessage", "Resource": arn}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [statement]})})
    return Queue(aws, url, arn)


def forwarder(aws: LocalAws, *buses: str, trust: str = "events.amazonaws.com") -> str:
    return make_role(aws, f"forwarder-{next(NUMBERS)}", trusting(trust), allowing(["events:PutEvents"], *buses))


PLACES = [(OTHER, REGION), (ACCOUNT, FAR), (OTHER, FAR)]


@pytest.mark.parametrize("place", PLACES)
def test_a_rule_sends_to_a_bus_elsewhere_and_the_event_stays_its_senders(
    aws: LocalAws, place: tuple[str, str], folder: Path
) -> None:
    hub, member = Bus.make(aws, *HERE), Bus.make(aws, *place)
    role = forwarder(aws, member.arn)
    member.let_in(f"arn:aws:iam::{ACCOUNT}:root")
    hub.rule(member.arn, RoleArn=role)
    hub.put()
    (here,), (there,) = hub.queue.events(), member.queue.events()
    used = decisions(folder, role.rpartition("/")[2])

    assert there == here
    assert (there["account"], there["region"], there["detail"]) == (ACCOUNT, REGION, {"word": "hello"})
    assert [(line["action"], line["resource"], line["allowed"]) for line in used] == [
        ("events:PutEvents", member.arn, True)
    ]


def test_a_target_elsewhere_needs_a_role(aws: LocalAws) -> None:
    hub, member = Bus.make(aws, *HERE), Bus.make(aws, OTHER, FAR)

    with pytest.raises(ClientError, match="RoleArn is required"):
        hub.rule(member.arn)


def role_for_another_bus(aws: LocalAws, member: Bus) -> str:
    return forwarder(aws, member.arn + "x")


def role_of_another_service(aws: LocalAws, member: Bus) -> str:
    return forwarder(aws, member.arn, trust="lambda.amazonaws.com")


def role_that_is_not_there(_aws: LocalAws, _member: Bus) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/none"


@pytest.mark.parametrize("bad", [role_for_another_bus, role_of_another_service, role_that_is_not_there])
def test_without_a_role_that_may_the_event_ends_in_the_dead_letters(
    aws: LocalAws, bad: Callable[[LocalAws, Bus], str]
) -> None:
    hub, member, letters = Bus.make(aws, *HERE), Bus.make(aws, ACCOUNT, FAR), a_queue(aws)
    rule = hub.rule(member.arn, RoleArn=bad(aws, member), DeadLetterConfig={"Arn": letters.arn})
    hub.put()
    (letter,) = letters.received()
    told = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}

    assert member.queue.events() == []
    assert (told["ERROR_CODE"], told["RULE_ARN"], told["TARGET_ARN"]) == ("NO_PERMISSIONS", rule, member.arn)
    assert json.loads(letter["Body"])["detail"] == {"word": "hello"}


def code_in(letters: Queue) -> list[str]:
    return [message["MessageAttributes"]["ERROR_CODE"]["StringValue"] for message in letters.received()]


def test_another_accounts_bus_lets_in_whom_its_policy_names(aws: LocalAws) -> None:
    hub, letters = Bus.make(aws, *HERE), a_queue(aws)
    silent, strange, narrow, open_ = (Bus.make(aws, OTHER, REGION) for _ in range(4))
    role = forwarder(aws, "*")
    strange.let_in(f"arn:aws:iam::{THIRD}:root")
    narrow.let_in(f"arn:aws:iam::{ACCOUNT}:root", ArnLike={"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/no-*"})
    open_.let_in(f"arn:aws:iam::{ACCOUNT}:root", ArnLike={"aws:PrincipalArn": role})
    for member in (silent, strange, narrow, open_):
        hub.rule(member.arn, RoleArn=role, DeadLetterConfig={"Arn": letters.arn})
    hub.put()

    assert [len(member.queue.events()) for member in (silent, strange, narrow, open_)] == [0, 0, 0, 1]
    assert code_in(letters) == ["NO_PERMISSIONS"] * 3


def test_a_bus_that_is_not_there_is_no_resource(aws: LocalAws) -> None:
    hub, letters = Bus.make(aws, *HERE), a_queue(aws)
    missing = f"arn:aws:events:{FAR}:{ACCOUNT}:event-bus/missing"
    hub.rule(missing, RoleArn=forwarder(aws, missing), DeadLetterConfig={"Arn": letters.arn})
    hub.put()

    assert code_in(letters) == ["NO_RESOURCE"]


@pytest.mark.parametrize(
    ("places", "code"),
    [
        ([(ACCOUNT, REGION), (ACCOUNT, REGION)], "THIRD_ACCOUNT_HOP_DETECTED"),
        ([(OTHER, REGION), (THIRD, REGION)], "THIRD_ACCOUNT_HOP_DETECTED"),
        ([(ACCOUNT, FAR), (ACCOUNT, REGION)], "THIRD_REGION_HOP_DETECTED"),
        ([(OTHER, FAR), (ACCOUNT, FAR)], "THIRD_ACCOUNT_HOP_DETECTED"),
    ],
)
def test_no_event_goes_to_a_second_bus(aws: LocalAws, places: list[tuple[str, str]], code: str, folder: Path) -> None:
    first, (second, third) = Bus.make(aws, *HERE), (Bus.make(aws, *place) for place in places)
    letters = a_queue(second.aws)
    for bus, target in ((first, second), (second, third)):
        role = forwarder(bus.aws, "*")
        target.let_in(f"arn:aws:iam::{bus.aws.account}:root")
        bus.rule(target.arn, RoleArn=role, DeadLetterConfig={"Arn": letters.arn})
    first.put()

    assert [len(bus.queue.events()) for bus in (first, second, third)] == [1, 1, 0]
    assert code_in(letters) == [code]
    assert code in (folder / "local-aws.log").read_text()


def test_events_are_put_on_another_accounts_bus_if_its_policy_lets_the_caller(aws: LocalAws) -> None:
    hub, closed = Bus.make(aws, *HERE), Bus.make(aws, *HERE)
    there = aws.at(OTHER, REGION)
    rights = allowing(["events:PutEvents"], hub.arn, closed.arn)
    watcher, stranger = (make_role(there, name, trusting("lambda.amazonaws.com"), rights) for name in ("in", "out"))
    hub.let_in(f"arn:aws:iam::{OTHER}:root", ArnLike={"aws:PrincipalArn": watcher})

    def put(role: str, bus: Bus) -> Any:
        entry = {"Source": "test", "DetailType": "Test", "Detail": "{}", "EventBusName": bus.arn}
        return client_of(there, assumed(there, role), "events").put_events(Entries=[entry])["Entries"][0]

    assert "EventId" in put(watcher, hub)
    assert put(stranger, hub)["ErrorCode"] == put(watcher, closed)["ErrorCode"] == "AccessDeniedException"
    (event,) = hub.queue.events()
    assert event["account"] == OTHER
    assert closed.queue.events() == []


def test_what_was_put_from_another_account_can_be_forwarded_once(aws: LocalAws) -> None:
    hub, member = Bus.make(aws, *HERE), Bus.make(aws, THIRD, REGION)
    hub.let_in(f"arn:aws:iam::{OTHER}:root")
    member.let_in(f"arn:aws:iam::{ACCOUNT}:root")
    hub.rule(member.arn, RoleArn=forwarder(aws, member.arn))
    there = aws.at(OTHER, REGION)
    entry = {"Source": "test", "DetailType": "Test", "Detail": "{}"}
    mixed = [{**entry, "EventBusName": hub.arn}, {**entry, "EventBusName": "default"}]
    answer = there.client("events").put_events(Entries=mixed)

    assert answer["FailedEntryCount"] == 0
    assert len({result["EventId"] for result in answer["Entries"]}) == 2
    assert len(member.queue.events()) == 1


def test_a_bus_of_another_region_is_put_to_through_its_region_only(aws: LocalAws) -> None:
    near, far = Bus.make(aws, OTHER, REGION), Bus.make(aws, OTHER, FAR)
    for bus in (near, far):
        bus.let_in(f"arn:aws:iam::{ACCOUNT}:root")
    entry = {"Source": "test", "DetailType": "Test", "Detail": "{}"}

    def told(region: str, arn: str) -> str:
        answer = aws.at(ACCOUNT, region).client("events").put_events(Entries=[{**entry, "EventBusName": arn}])
        return str(answer["Entries"][0].get("ErrorMessage", ""))

    assert f"is not in {REGION}" in told(REGION, near.arn.replace(REGION, FAR))
    assert told(FAR, far.arn) == ""
    assert (near.queue.events(), len(far.queue.events())) == ([], 1)


def test_a_queue_gets_events_only_if_its_policy_lets_eventbridge_in(aws: LocalAws) -> None:
    bus, closed = Bus.make(aws, *HERE), a_queue(aws, letting="sns.amazonaws.com")
    bus.rule(closed.arn)
    bus.put()

    assert len(bus.queue.events()) == 1
    assert closed.events() == []
