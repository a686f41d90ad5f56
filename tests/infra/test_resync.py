import json

from cloudmap_mcs.eventbridge.invocations import Resync, parse
from tests.infra.conftest import Stack
from tests.infra.test_importer import listed


def test_the_schedule_asks_for_a_full_resync_in_words_the_importer_knows(members: Stack) -> None:
    schedule = members.one("AWS::Scheduler::Schedule", Name="cloudmap-mcs-prod-east")
    request = parse(json.loads(schedule["Target"]["Input"]))

    assert schedule["ScheduleExpression"] == "rate(7 minutes)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert isinstance(request, Resync)
    assert (request.key, request.is_forced, request.is_dry_run) == (None, False, False)


def test_the_scheduler_may_invoke_this_importer_and_only_for_this_schedule(members: Stack) -> None:
    role = members.one("AWS::IAM::Role", RoleName="cloudmap-mcs-prod-east-scheduler-eu-west-1")
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    (policy,) = role["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert {key: members.text(value) for key, value in trust["Condition"]["StringEquals"].items()} == {
        "aws:SourceAccount": "123456789012",
        "aws:SourceArn": "arn:aws:scheduler:eu-west-1:123456789012:schedule/default/cloudmap-mcs-prod-east",
    }
    assert statement["Action"] == "lambda:InvokeFunction"
    (resource,) = listed(statement["Resource"])
    assert resource["Fn::GetAtt"][0].startswith("eastImporterFunction")


def test_resyncs_are_not_queued_up_when_they_fail(members: Stack) -> None:
    for config in members.of_type("AWS::Lambda::EventInvokeConfig"):
        assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (1, 420)


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
