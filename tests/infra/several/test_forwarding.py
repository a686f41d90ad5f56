"""The way of events: which rule matches what, where it leads, and who lets it in."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.ports import Appeared, Change
from tests.infra.patterns import matches
from tests.infra.several.world import BUS, FAR, HERE, HUB, OTHER, REMOTE, THIRD, Rule, World
from tests.infra.test_importer import listed, rights
from tests.infra.test_patterns import announced, cloudtrail

ROLE = f"cloudmap-mcs-prod_forwarding-{HERE}"
HUB_BUS, DEFAULT_BUS = (HUB, HERE, BUS), (HUB, HERE, "default")
ALL = {"east", "far", "other", "both", "visited"}


def changed(cluster: str) -> dict[str, Any]:
    return announced("prod", Change(ServiceKey("shop", "web"), ClusterId(cluster), 7))


def reached(world: World, bus: tuple[str, str, str], event: dict[str, Any]) -> set[str]:
    """Follow an event over all rules of all stacks and name the clusters whose queue gets it."""
    clusters: set[str] = set()
    for rule in world.rules():
        if rule.bus != bus or not matches(rule.pattern, event):
            continue
        for target in rule.buses:
            clusters |= reached(world, target, event)
        if not rule.buses:
            clusters.add(rule.name.removeprefix("cloudmap-mcs-prod-").removesuffix("-cloudtrail"))
    return clusters


@pytest.mark.parametrize("exporting", sorted(ALL))
def test_a_change_that_any_watcher_announces_on_the_hub_bus_reaches_every_cluster(world: World, exporting: str) -> None:
    assert reached(world, HUB_BUS, changed(exporting)) == ALL


@pytest.mark.parametrize("cluster", sorted(ALL))
def test_a_namespace_that_appears_reaches_its_own_cluster_and_travels_to_no_other_place(
    world: World, cluster: str
) -> None:
    event = announced("prod", Appeared("shop", ClusterId(cluster)))
    forwarded = [r.buses[0][:2] for r in world.rules() if r.bus == HUB_BUS and r.buses and matches(r.pattern, event)]

    assert reached(world, HUB_BUS, event) == {cluster}
    assert forwarded == [place for place, clusters in REMOTE.items() if cluster in clusters]


def by(account: str, role: str) -> dict[str, Any]:
    issuer = {"type": "Role", "arn": f"arn:aws:iam::{account}:role/{role}", "userName": role}
    return {"type": "AssumedRole", "sessionContext": {"sessionIssuer": issuer}}


@pytest.mark.parametrize("account", [HUB, OTHER, THIRD])
def test_a_write_by_a_role_that_is_no_watchers_reaches_every_cluster_from_the_default_bus(
    world: World, account: str
) -> None:
    assert reached(world, DEFAULT_BUS, cloudtrail(userIdentity=by(account, "operations"))) == ALL


def watchers(world: World) -> set[tuple[str, str]]:
    """Return account and name of every watcher's role in every stack."""
    found = set()
    for name, artifact in world.artifacts().items():
        account = artifact["environment"].removeprefix("aws://").split("/")[0]
        names = [role["RoleName"] for role in world.stack(name).of_type("AWS::IAM::Role")]
        found |= {(account, role) for role in names if "-watcher-" in role}
    return found


def test_a_write_by_any_clusters_watcher_reaches_nobody(world: World) -> None:
    assert len(watchers(world)) == len(ALL)
    for account, role in watchers(world):
        assert reached(world, DEFAULT_BUS, cloudtrail(userIdentity=by(account, role))) == set(), role


def test_a_watchers_name_counts_in_the_accounts_of_the_clusterset_only(world: World) -> None:
    stranger = by("999999999999", f"cloudmap-mcs-prod-east-watcher-{HERE}")

    assert reached(world, DEFAULT_BUS, cloudtrail(userIdentity=stranger)) == ALL


def test_without_cloudtrail_there_is_no_rule_on_a_default_bus_and_none_that_waits_for_its_events(
    silent: World,
) -> None:
    assert {rule.bus[2] for rule in silent.rules()} == {BUS}
    assert reached(silent, HUB_BUS, changed("far")) == ALL
    assert not [rule for rule in silent.rules() if matches(rule.pattern, cloudtrail())]


def forwarding(world: World) -> list[Rule]:
    return [rule for rule in world.rules() if rule.buses]


def test_each_other_place_gets_one_rule_on_either_bus_of_the_hub(world: World) -> None:
    assert {(rule.bus, rule.buses[0]) for rule in forwarding(world)} == {
        (bus, (*place, BUS)) for bus in (HUB_BUS, DEFAULT_BUS) for place in REMOTE
    }
    assert len(forwarding(world)) == 2 * len(REMOTE)
    assert all(len(json.dumps(rule.pattern)) <= 2048 for rule in world.rules())


def test_what_cannot_be_forwarded_is_kept_by_a_queue_that_only_these_rules_may_send_to(world: World) -> None:
    hub = world.hub()
    policy = hub.one("AWS::SQS::QueuePolicy")["PolicyDocument"]["Statement"]
    (allowed,) = (statement for statement in policy if statement["Effect"] == "Allow")
    paths = {f"{r.bus[2]}/{r.name}" if r.bus[2] != "default" else r.name for r in forwarding(world)}

    for rule in forwarding(world):
        assert rule.targets[0]["DeadLetterConfig"]["Arn"] == allowed["Resource"]
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert {hub.text(arn) for arn in allowed["Condition"]["ArnEquals"]["aws:SourceArn"]} == {
        f"arn:aws:events:{HERE}:{HUB}:rule/{path}" for path in paths
    }
    assert hub.one("AWS::CloudWatch::Alarm")["AlarmName"] == "cloudmap-mcs-prod_forwarding-dead-letters"


def test_eventbridge_may_put_on_these_buses_and_only_for_these_rules(world: World) -> None:
    hub = world.hub()
    (trust,) = hub.one("AWS::IAM::Role", RoleName=ROLE)["AssumeRolePolicyDocument"]["Statement"]
    sources = [hub.text(arn) for arn in trust["Condition"]["ArnLike"]["aws:SourceArn"]]

    assert rights(hub, ROLE) == {
        "events:PutEvents": {f"arn:aws:events:{region}:{account}:event-bus/{BUS}" for account, region in REMOTE}
    }
    assert trust["Principal"] == {"Service": "events.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": HUB}
    for rule in world.rules():
        account, region, bus = rule.bus
        path = rule.name if bus == "default" else f"{bus}/{rule.name}"
        arn = f"arn:aws:events:{region}:{account}:rule/{path}"
        assert any(fnmatchcase(arn, source) for source in sources) == bool(rule.buses), arn
    roles = {target["RoleArn"]["Fn::GetAtt"][0] for rule in forwarding(world) for target in rule.targets}
    assert [hub.template["Resources"][role]["Properties"]["RoleName"] for role in roles] == [ROLE]


def test_the_hub_bus_lets_in_the_watchers_of_other_accounts_and_no_other_role(world: World) -> None:
    hub = world.hub()
    statement = hub.one("AWS::Events::EventBusPolicy")["Statement"]
    wildcards = [hub.text(arn) for arn in statement["Condition"]["ArnLike"]["aws:PrincipalArn"]]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "events:PutEvents")
    assert {hub.text(arn) for arn in statement["Principal"]["AWS"]} == {
        f"arn:aws:iam::{account}:root" for account in (OTHER, THIRD)
    }

    for name, artifact in world.artifacts().items():
        account = artifact["environment"].removeprefix("aws://").split("/")[0]
        for role in world.stack(name).of_type("AWS::IAM::Role"):
            arn = f"arn:aws:iam::{account}:role/{role['RoleName']}"
            is_let_in = any(fnmatchcase(arn, wildcard) for wildcard in wildcards)
            assert is_let_in == ("-watcher-" in arn and account != HUB), arn


def test_a_bus_in_another_account_lets_in_the_hubs_role_alone_and_one_in_the_hubs_account_needs_no_policy(
    world: World,
) -> None:
    for account, region in REMOTE:
        stack = world.member(account, region)
        policies = stack.of_type("AWS::Events::EventBusPolicy")
        assert stack.one("AWS::Events::EventBus")["Name"] == BUS
        assert len(policies) == (account != HUB)
        for policy in policies:
            statement = policy["Statement"]
            assert World.bus_name(stack, policy["EventBusName"]) == BUS
            assert [stack.text(arn) for arn in listed(statement["Principal"]["AWS"])] == [f"arn:aws:iam::{HUB}:root"]
            assert [stack.text(arn) for arn in statement["Condition"]["ArnLike"]["aws:PrincipalArn"]] == [
                f"arn:aws:iam::{HUB}:role/{ROLE}"
            ]


def test_the_hubs_own_members_listen_at_the_hub_and_make_no_bus(world: World) -> None:
    assert not world.member(HUB, HERE).of_type("AWS::Events::EventBus")
    assert {r.bus for r in world.rules() if "prod-east" in r.name} == {HUB_BUS, DEFAULT_BUS}
    assert {r.bus for r in world.rules() if "prod-far" in r.name} == {(HUB, FAR, BUS)}
