import json
from typing import Any

import pytest

from cloudmap_mcs.cloudmap import client
from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.eventbridge.messages import DETAIL_TYPE, SOURCE, ForeignCall, event_detail, parse
from cloudmap_mcs.ports import Change
from infra.patterns import WRITES, announcements, foreign_writes
from tests.infra.patterns import matches


def announced(clusterset: str) -> dict[str, Any]:
    detail = event_detail(clusterset, Change(ServiceKey("shop", "web"), ClusterId("east"), 7), time="now")
    return {"source": SOURCE, "detail-type": DETAIL_TYPE, "detail": json.loads(detail)}


def cloudtrail(**changes: Any) -> dict[str, Any]:
    detail = {
        "eventSource": "servicediscovery.amazonaws.com",
        "eventName": "RegisterInstance",
        "userAgent": "aws-cli/2.31",
        "requestParameters": {"serviceId": "srv-abc", "instanceId": "east"},
        "responseElements": {"operationId": "op"},
    }
    event = {"source": "aws.servicediscovery", "detail-type": "AWS API Call via CloudTrail"}
    return {**event, "detail": {key: value for key, value in {**detail, **changes}.items() if value is not None}}


def test_the_events_that_watchers_send_match_in_their_own_clusterset_only() -> None:
    assert matches(announcements("prod"), announced("prod"))
    assert not matches(announcements("prod"), announced("staging"))
    assert not matches(announcements("prod"), {**announced("prod"), "source": "somebody.else"})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, True, id="foreign-writer"),
        pytest.param({"eventName": "DeregisterInstance"}, True, id="foreign-removal"),
        pytest.param({"userAgent": None}, True, id="no-user-agent"),
        pytest.param({"userAgent": "Boto3/1.44 cloudmap-mcs/0.1.0"}, False, id="our-watcher"),
        pytest.param({"errorCode": "AccessDenied"}, False, id="refused"),
        pytest.param({"eventName": "CreateService"}, False, id="nothing-an-importer-reads"),
    ],
)
def test_only_accepted_writes_of_others_match(changes: dict[str, Any], *, expected: bool) -> None:
    assert matches(foreign_writes(), cloudtrail(**changes)) is expected


def test_our_own_client_is_recognised_by_its_user_agent() -> None:
    agent = client.build("us-east-1").meta.config.user_agent_extra

    assert not matches(foreign_writes(), cloudtrail(userAgent=f"Boto3/1.44 {agent}"))


@pytest.mark.parametrize("name", WRITES)
def test_every_write_that_reaches_the_queue_is_understood(name: str) -> None:
    assert parse(json.dumps(cloudtrail(eventName=name))) == ForeignCall("srv-abc")
