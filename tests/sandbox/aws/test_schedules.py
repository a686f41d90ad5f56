"""Scheduler takes only roles that trust it, for the group of the schedule, and does only what they may."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.server import LocalAws
from tests.e2e.waiting import eventually
from tests.sandbox.aws.process import ACCOUNT, REGION, Stack, allowing, decisions, local_aws, make_role

pytestmark = pytest.mark.e2e

GROUP = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/default"
NUMBERS = count()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("aws")


@pytest.fixture(scope="module")
def aws(folder: Path) -> Iterator[LocalAws]:
    with local_aws(folder) as running:
        yield running


@pytest.fixture
def queue(aws: LocalAws) -> tuple[str, str]:
    name = f"queue-{next(NUMBERS)}"
    return aws.client("sqs").create_queue(QueueName=name)["QueueUrl"], f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def a_role(aws: LocalAws, source: str, *resources: str) -> str:
    condition = {"StringEquals": {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": source}}
    principal = {"Service": "scheduler.amazonaws.com"}
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition}
    policy = allowing(["sqs:SendMessage"], *resources)
    return make_role(aws, f"scheduler-{next(NUMBERS)}", {"Version": "2012-10-17", "Statement": [trust]}, policy)


def schedule(role: str, target: str) -> dict[str, Any]:
    """Return a schedule of its own that is due at once."""
    properties = {
        "Name": f"schedule-{next(NUMBERS)}",
        "ScheduleExpression": "at(2026-01-01T00:00:00)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": target, "RoleArn": role, "Input": json.dumps({"resync": "all"})},
    }
    return {"Schedule": {"Type": "AWS::Scheduler::Schedule", "Properties": properties}}


def test_a_schedule_sends_what_its_role_may_and_that_is_logged(
    aws: LocalAws, queue: tuple[str, str], folder: Path
) -> None:
    url, arn = queue
    role = a_role(aws, GROUP, arn)
    stack = Stack(aws, f"stack-{next(NUMBERS)}")
    stack.put(schedule(role, arn))
    eventually("the message", lambda: bool(received(aws, url)))
    stack.remove()

    (used, *_) = decisions(folder, role.rpartition("/")[2])
    assert (used["action"], used["resource"], used["allowed"]) == ("sqs:SendMessage", arn, True)


def test_a_schedule_sends_nothing_that_its_role_may_not(aws: LocalAws, queue: tuple[str, str], folder: Path) -> None:
    url, arn = queue
    role = a_role(aws, GROUP, arn + "x")
    stack = Stack(aws, f"stack-{next(NUMBERS)}")
    stack.put(schedule(role, arn))
    eventually("the refusal", lambda: bool(decisions(folder, role.rpartition("/")[2])))
    stack.remove()

    assert decisions(folder, role.rpartition("/")[2])[0]["allowed"] is False
    assert received(aws, url) == []


def received(aws: LocalAws, url: str) -> list[Any]:
    found: list[Any] = aws.client("sqs").receive_message(QueueUrl=url).get("Messages", [])
    return found


@pytest.mark.parametrize("source", [GROUP.replace("schedule-group/default", "schedule/default/one"), GROUP + "x"])
def test_a_role_that_trusts_scheduler_for_something_else_is_refused(
    aws: LocalAws, queue: tuple[str, str], source: str
) -> None:
    with pytest.raises(AssertionError, match="must allow AWS EventBridge Scheduler to assume the role"):
        Stack(aws, f"stack-{next(NUMBERS)}").put(schedule(a_role(aws, source, queue[1]), queue[1]))


def test_a_schedule_is_changed_in_place(aws: LocalAws, queue: tuple[str, str]) -> None:
    stack, resources = Stack(aws, f"stack-{next(NUMBERS)}"), schedule(a_role(aws, GROUP, queue[1]), queue[1])
    properties, scheduler = resources["Schedule"]["Properties"], aws.client("scheduler")
    told = []
    for expression in ("cron(0/5 * * * ? *)", "cron(0/10 * * * ? *)"):
        properties["ScheduleExpression"] = expression
        stack.put(resources)
        told.append(scheduler.get_schedule(Name=properties["Name"])["ScheduleExpression"])
    stack.remove()

    assert told == ["cron(0/5 * * * ? *)", "cron(0/10 * * * ? *)"]
    assert properties["Name"] not in {found["Name"] for found in scheduler.list_schedules()["Schedules"]}
