import hashlib
import json
import string
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudmap_mcs.clusterset import ResyncMinutes
from cloudmap_mcs.eventbridge.invocations import Resync, parse
from infra.resync import staggered
from tests.infra.conftest import Stack
from tests.infra.test_importer import listed


def test_the_schedule_asks_for_a_full_resync_in_words_the_importer_knows(members: Stack) -> None:
    schedule = members.one("AWS::Scheduler::Schedule", Name="cloudmap-mcs-prod-east")
    request = parse(json.loads(schedule["Target"]["Input"]))

    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert isinstance(request, Resync)
    assert (request.key, request.is_forced, request.is_dry_run) == (None, False, False)


def minutes_of(expression: str) -> list[int]:
    """Return the minutes of an hour that a cron expression means, by EventBridge's rules for `A` and `A/N`."""
    minute, *rest = expression.removeprefix("cron(").removesuffix(")").split()
    assert rest == ["*", "*", "*", "?", "*"]
    first, _, step = minute.partition("/")
    return list(range(int(first), 60, int(step or 60)))


@given(
    st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=45),
    st.sampled_from(get_args(ResyncMinutes)),
)
def test_a_cluster_resyncs_every_so_many_minutes_around_the_clock_from_a_minute_that_its_id_decides(
    cluster: str, minutes: int
) -> None:
    offset = int(hashlib.sha256(cluster.encode()).hexdigest(), 16) % minutes

    assert minutes_of(staggered(cluster, minutes)) == [offset + minutes * turn for turn in range(60 // minutes)]


def test_clusters_are_spread_over_the_period(members: Stack) -> None:
    schedules = members.of_type("AWS::Scheduler::Schedule")

    assert {schedule["Name"]: schedule["ScheduleExpression"] for schedule in schedules} == {
        "cloudmap-mcs-prod-east": "cron(1/6 * * * ? *)",
        "cloudmap-mcs-prod-west": "cron(4/6 * * * ? *)",
        "cloudmap-mcs-prod-old": "cron(0/6 * * * ? *)",
    }
    assert {schedule["ScheduleExpressionTimezone"] for schedule in schedules} == {"UTC"}


def test_a_period_that_cron_would_cut_short_every_hour_is_refused() -> None:
    with pytest.raises(ValueError, match="7 minutes do not divide an hour"):
        staggered("east", 7)


def test_the_scheduler_may_invoke_this_importer_and_only_for_this_schedule(members: Stack) -> None:
    role = members.one("AWS::IAM::Role", RoleName="cloudmap-mcs-prod-east-scheduler-eu-west-1")
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    (policy,) = role["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert {key: members.text(value) for key, value in trust["Condition"]["StringEquals"].items()} == {
        "aws:SourceAccount": "123456789012",
        "aws:SourceArn": "arn:aws:scheduler:eu-west-1:123456789012:schedule-group/default",
    }
    assert statement["Action"] == "lambda:InvokeFunction"
    (resource,) = listed(statement["Resource"])
    assert resource["Fn::GetAtt"][0].startswith("eastImporterFunction")


def test_resyncs_are_not_queued_up_when_they_fail(members: Stack) -> None:
    configs = [c for c in members.of_type("AWS::Lambda::EventInvokeConfig") if "Importer" in c["FunctionName"]["Ref"]]

    assert len(configs) == 3
    for config in configs:
        assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (1, 360)


def test_alarms_ring_for_dead_letters_old_messages_errors_and_the_brake_of_every_cluster(members: Stack) -> None:
    alarms = {alarm["AlarmName"]: alarm for alarm in members.of_type("AWS::CloudWatch::Alarm")}

    assert len(alarms) == 12
    for what, metric in (
        ("dead-letters", "ApproximateNumberOfMessagesVisible"),
        ("oldest-message", "ApproximateAgeOfOldestMessage"),
        ("importer-errors", "Errors"),
        ("brake", "Braked"),
    ):
        alarm = alarms[f"cloudmap-mcs-prod-west-{what}"]
        assert (alarm["MetricName"], alarm["TreatMissingData"]) == (metric, "notBreaching")
