import json
from typing import Any

import pytest

from tests.infra.conftest import Stack

QUEUE, RULE = "AWS::SQS::Queue", "AWS::Events::Rule"


def statements(stack: Stack, queue: str) -> list[dict[str, Any]]:
    """Return the policy statements of a queue, found by its name."""
    names = {key: r["Properties"].get("QueueName") for key, r in stack.template["Resources"].items()}
    for policy in stack.of_type("AWS::SQS::QueuePolicy"):
        if [names[q["Ref"]] for q in policy["Queues"]] == [queue]:
            return list(policy["PolicyDocument"]["Statement"])
    raise AssertionError(queue)


def test_every_cluster_has_a_standard_encrypted_queue_with_dead_letters(members: Stack) -> None:
    queue = members.one(QUEUE, QueueName="cloudmap-mcs-prod-east")
    letters = members.one(QUEUE, QueueName="cloudmap-mcs-prod-east-dlq")

    assert "FifoQueue" not in queue
    assert queue["SqsManagedSseEnabled"] is True
    assert letters["SqsManagedSseEnabled"] is True
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    assert letters["MessageRetentionPeriod"] == 14 * 86400


def test_a_received_message_stays_hidden_for_six_function_timeouts(members: Stack) -> None:
    timeout = members.one("AWS::Lambda::Function", FunctionName="cloudmap-mcs-prod-east-importer")["Timeout"]

    assert members.one(QUEUE, QueueName="cloudmap-mcs-prod-east")["VisibilityTimeout"] == 6 * timeout == 120


@pytest.mark.parametrize("queue", ["cloudmap-mcs-prod-west", "cloudmap-mcs-prod-west-dlq"])
def test_only_this_clusters_two_rules_may_send_and_only_over_tls(members: Stack, queue: str) -> None:
    found = statements(members, queue)
    allowed = [s for s in found if s["Effect"] == "Allow"]
    denied = [s for s in found if s["Effect"] == "Deny"]

    assert {members.text(s["Condition"]["ArnEquals"]["aws:SourceArn"]) for s in allowed} == {
        "arn:aws:events:eu-west-1:123456789012:rule/cloudmap-mcs-prod/cloudmap-mcs-prod-west",
        "arn:aws:events:eu-west-1:123456789012:rule/cloudmap-mcs-prod-west-cloudtrail",
    }
    assert all(s["Principal"] == {"Service": "events.amazonaws.com"} for s in allowed)
    assert all(s["Action"] == "sqs:SendMessage" for s in allowed)
    assert [(s["Principal"], s["Action"], s["Condition"]) for s in denied] == [
        ({"AWS": "*"}, "sqs:*", {"Bool": {"aws:SecureTransport": "false"}})
    ]


def test_both_rules_send_to_the_clusters_queue_and_keep_what_cannot_be_delivered(members: Stack) -> None:
    ours = members.one(RULE, Name="cloudmap-mcs-prod-east")
    foreign = members.one(RULE, Name="cloudmap-mcs-prod-east-cloudtrail")

    assert (ours["EventBusName"], foreign["EventBusName"]) == ("cloudmap-mcs-prod", "default")
    for rule in (ours, foreign):
        (target,) = rule["Targets"]
        assert target["Arn"]["Fn::GetAtt"][0].startswith("eastInboxQueue")
        assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0].startswith("eastInboxDeadLetters")
        assert rule["State"] == "ENABLED"
        assert len(json.dumps(rule["EventPattern"])) <= 2048
