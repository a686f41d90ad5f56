import json
from typing import Any

import pytest

from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.eventbridge.messages import SOURCE, ForeignCall, detail_type, event_detail, parse
from cloudmap_mcs.ports import Appeared, Change, News
from infra.limits import CLUSTERS_OF_A_STACK
from infra.names import ClusterNames, watcher_roles
from infra.patterns import WRITES, announcements, foreign_writes
from tests.infra.conftest import Stack
from tests.infra.patterns import matches

ROLES = ["arn:aws:iam::123456789012:role/cloudmap-mcs-prod-*-watcher-eu-west-1"]
LONGEST = 45
PATTERN_LIMIT = 2048


CHANGE = Change(ServiceKey("shop", "web"), ClusterId("east"), 7)
ARRIVAL = Appeared("shop", ClusterId("east"))


def announced(clusterset: str, news: News) -> dict[str, Any]:
    detail = event_detail(clusterset, news, time="now")
    return {"source": SOURCE, "detail-type": detail_type(news), "detail": json.loads(detail)}


def role_session(role: str) -> dict[str, Any]:
    """Return CloudTrail's userIdentity of a session of this role, as Pod Identity and everybody else gets one."""
    session = f"arn:aws:sts::123456789012:assumed-role/{role}/session"
    issuer = {"type": "Role", "arn": f"arn:aws:iam::123456789012:role/{role}", "userName": role}
    return {"type": "AssumedRole", "arn": session, "sessionContext": {"sessionIssuer": issuer}}


USER = {"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/cloudmap-mcs-prod-east-watcher-eu-west-1"}


def cloudtrail(**changes: Any) -> dict[str, Any]:
    detail = {
        "userIdentity": role_session("operations"),
        "eventSource": "servicediscovery.amazonaws.com",
        "eventName": "RegisterInstance",
        "userAgent": "Boto3/1.44 cloudmap-mcs/0.1.0",
        "requestParameters": {"serviceId": "srv-abc", "instanceId": "east"},
        "responseElements": {"operationId": "op"},
    }
    event = {"source": "aws.servicediscovery", "detail-type": "AWS API Call via CloudTrail"}
    return {**event, "detail": {key: value for key, value in {**detail, **changes}.items() if value is not None}}


def test_a_change_of_an_export_reaches_every_cluster_of_its_clusterset(members: Stack) -> None:
    assert reached(members, announced("prod", CHANGE)) == {"east", "west", "old"}


def test_a_namespace_that_appears_reaches_its_own_cluster_only(members: Stack) -> None:
    assert reached(members, announced("prod", ARRIVAL)) == {"east"}


@pytest.mark.parametrize("news", [CHANGE, ARRIVAL])
def test_nobody_listens_to_another_clusterset_or_another_source(members: Stack, news: News) -> None:
    assert reached(members, announced("staging", news)) == set()
    assert reached(members, {**announced("prod", news), "source": "somebody.else"}) == set()


def test_an_event_of_a_kind_that_importers_do_not_know_reaches_nobody(members: Stack) -> None:
    assert reached(members, {**announced("prod", ARRIVAL), "detail-type": "Namespace Went"}) == set()


def reached(members: Stack, event: dict[str, Any]) -> set[str]:
    """Name the clusters whose rule on the hub bus matches an event."""
    rules = {
        name: members.one("AWS::Events::Rule", Name=f"cloudmap-mcs-prod-{name}") for name in ("east", "west", "old")
    }
    return {name for name, rule in rules.items() if matches(rule["EventPattern"], event)}


def test_the_longest_names_leave_room_in_a_pattern() -> None:
    assert len(json.dumps(announcements("p" * LONGEST, ["c" * LONGEST] * CLUSTERS_OF_A_STACK))) < PATTERN_LIMIT


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, True, id="foreign-writer-with-our-user-agent"),
        pytest.param({"eventName": "DeregisterInstance"}, True, id="foreign-removal"),
        pytest.param({"userIdentity": USER}, True, id="a-user-by-a-watchers-name"),
        pytest.param({"userIdentity": {"type": "AWSService", "invokedBy": "ecs.amazonaws.com"}}, True, id="a-service"),
        pytest.param({"userIdentity": None}, True, id="nobody"),
        pytest.param(
            {"userIdentity": role_session("cloudmap-mcs-prod-east-importer-eu-west-1")}, True, id="an-importer"
        ),
        pytest.param(
            {"userIdentity": role_session("cloudmap-mcs-test-east-watcher-eu-west-1")}, True, id="another-clusterset"
        ),
        pytest.param({"userIdentity": role_session("cloudmap-mcs-prod-east-watcher-eu-west-1")}, False, id="a-watcher"),
        pytest.param({"errorCode": "AccessDenied"}, False, id="refused"),
        pytest.param({"eventName": "CreateService"}, False, id="nothing-an-importer-reads"),
    ],
)
def test_only_accepted_writes_of_others_match(members: Stack, changes: dict[str, Any], *, expected: bool) -> None:
    rule = members.one("AWS::Events::Rule", Name="cloudmap-mcs-prod-west-cloudtrail")

    assert matches(written_out(members, rule["EventPattern"]), cloudtrail(**changes)) is expected


def written_out(members: Stack, pattern: Any) -> Any:
    match pattern:
        case {"Fn::Join": _}:
            return members.text(pattern)
        case dict():
            return {key: written_out(members, value) for key, value in pattern.items()}
        case list():
            return [written_out(members, value) for value in pattern]
    return pattern


def test_the_roles_of_the_template_are_those_that_its_rule_takes_for_our_watchers(members: Stack) -> None:
    names = [role["RoleName"] for role in members.of_type("AWS::IAM::Role")]
    ours = {name for name in names if not matches(foreign_writes(ROLES), cloudtrail(userIdentity=role_session(name)))}

    assert ours == {f"cloudmap-mcs-prod-{cluster}-watcher-eu-west-1" for cluster in ("east", "west", "old")}


@pytest.mark.parametrize("clusterset", ["a", "p" * 18, "p" * 19, "p" * 20, "p" * LONGEST])
@pytest.mark.parametrize("cluster", ["e", "e" * 20, "e" * LONGEST])
@pytest.mark.parametrize("region", ["eu-west-1", "ap-southeast-7"])
def test_a_watcher_whose_roles_name_had_to_be_cut_is_still_ours(clusterset: str, cluster: str, region: str) -> None:
    wildcard = f"arn:aws:iam::123456789012:role/{watcher_roles(clusterset, region)}"
    names = ClusterNames(clusterset, cluster, region)
    pattern = foreign_writes([wildcard])

    assert not matches(pattern, cloudtrail(userIdentity=role_session(names.watcher_role)))
    assert matches(pattern, cloudtrail(userIdentity=role_session(names.importer_role)))
    assert len(json.dumps(pattern)) < PATTERN_LIMIT


@pytest.mark.parametrize("name", WRITES)
def test_every_write_that_reaches_the_queue_is_understood(name: str) -> None:
    assert parse(json.dumps(cloudtrail(eventName=name))) == ForeignCall("srv-abc")
