"""Which stacks there are, where, in which order, and that they find each other by names alone."""

import json

import pytest

from tests.infra.conftest import Stack
from tests.infra.several.world import BUS, FAR, HERE, HUB, OTHER, REMOTE, THIRD, World
from tests.infra.test_importer import rights

HUB_STACK = "cloudmap-mcs-prod-hub"
ACCESS = "cloudmap-mcs-prod-access-visited"


def member(account: str, region: str) -> str:
    return f"cloudmap-mcs-prod-member-{account}-{region}"


def test_there_is_one_hub_one_stack_per_place_of_functions_and_one_per_visited_cluster(world: World) -> None:
    assert {name: artifact["environment"] for name, artifact in world.artifacts().items()} == {
        HUB_STACK: f"aws://{HUB}/{HERE}",
        ACCESS: f"aws://{THIRD}/{HERE}",
        member(HUB, HERE): f"aws://{HUB}/{HERE}",
        member(HUB, FAR): f"aws://{HUB}/{FAR}",
        member(OTHER, HERE): f"aws://{OTHER}/{HERE}",
        member(OTHER, FAR): f"aws://{OTHER}/{FAR}",
    }


def test_members_deploy_after_the_hub_and_after_the_access_that_they_need(world: World) -> None:
    stacks = world.artifacts()
    after = {name: set(artifact["dependencies"]) & set(stacks) for name, artifact in stacks.items()}

    assert after == {
        HUB_STACK: set(),
        ACCESS: {HUB_STACK},
        member(HUB, HERE): {HUB_STACK},
        member(HUB, FAR): {HUB_STACK},
        member(OTHER, HERE): {HUB_STACK, ACCESS},
        member(OTHER, FAR): {HUB_STACK},
    }


def test_no_stack_exports_or_imports_anything(world: World) -> None:
    for name in world.artifacts():
        template = world.stack(name).template
        assert all("Export" not in output for output in template.get("Outputs", {}).values())
        assert "Fn::ImportValue" not in json.dumps(template)
        assert not [r for r in template["Resources"].values() if "CrossRegion" in r["Type"]]


def namespace_in(stack: Stack, cluster: str) -> object:
    function = stack.one("AWS::Lambda::Function", FunctionName=f"cloudmap-mcs-prod-{cluster}-importer")
    return function["Environment"]["Variables"]["MCS_NAMESPACE_ID"]


def test_at_the_hub_the_namespace_is_known_by_the_id_in_its_parameter(world: World) -> None:
    stack = world.member(HUB, HERE)
    parameter = namespace_in(stack, "east")

    assert isinstance(parameter, dict)
    assert stack.template["Parameters"][parameter["Ref"]]["Default"] == "/cloudmap-mcs/prod/namespace-id"
    assert not stack.of_type("Custom::CloudmapMcsNamespace")


@pytest.mark.parametrize("place", REMOTE)
def test_elsewhere_it_is_known_by_the_arn_that_a_function_finds_at_the_hub(
    world: World, place: tuple[str, str]
) -> None:
    stack = world.member(*place)
    found = stack.one("Custom::CloudmapMcsNamespace")
    (logical_id,) = (k for k, r in stack.template["Resources"].items() if r["Type"] == "Custom::CloudmapMcsNamespace")

    assert (found["Name"], found["HubAccount"], found["HubRegion"]) == ("mcs.prod", HUB, HERE)
    for cluster in REMOTE[place]:
        assert namespace_in(stack, cluster) == {"Fn::GetAtt": [logical_id, "Arn"]}
    assert not [p for p in stack.template["Parameters"].values() if "namespace-id" in p.get("Default", "")]


@pytest.mark.parametrize(
    ("where", "role"),
    [
        ((HUB, HERE), f"cloudmap-mcs-prod-east-watcher-{HERE}"),
        ((HUB, FAR), f"cloudmap-mcs-prod-far-watcher-{FAR}"),
        ((OTHER, FAR), f"cloudmap-mcs-prod-both-watcher-{FAR}"),
        (None, f"cloudmap-mcs-prod-visited-watcher-{HERE}"),
    ],
)
def test_every_watcher_may_write_at_the_hub_and_nowhere_else(
    world: World, where: tuple[str, str] | None, role: str
) -> None:
    found = rights(world.member(*where) if where else world.access("visited"), role)

    assert found["events:PutEvents"] == {f"arn:aws:events:{HERE}:{HUB}:event-bus/{BUS}"}
    assert found["servicediscovery:RegisterInstance"] == {f"arn:aws:servicediscovery:{HERE}:{HUB}:service/*"}
    (namespace,) = found["servicediscovery:GetNamespace"]
    assert namespace.startswith(f"arn:aws:servicediscovery:{HERE}:{HUB}:namespace/<") or namespace.endswith(".Arn>")


def test_names_of_functions_and_roles_are_unique_within_an_account(world: World) -> None:
    roles: list[tuple[str, str]] = []
    functions: list[tuple[str, str, str]] = []
    for name, artifact in world.artifacts().items():
        account, region = artifact["environment"].removeprefix("aws://").split("/")
        stack = world.stack(name)
        roles += [(account, role["RoleName"]) for role in stack.of_type("AWS::IAM::Role")]
        functions += [(account, region, f["FunctionName"]) for f in stack.of_type("AWS::Lambda::Function")]

    assert len(set(roles)) == len(roles)
    assert len(set(functions)) == len(functions)
    assert all(len(role) <= 64 for _, role in roles)
