"""The share, and the order in which the namespace is taken away again."""

from tests.infra.conftest import Stack
from tests.infra.several.world import HERE, HUB, OTHER, THIRD, World
from tests.infra.test_importer import rights

NAMESPACE, CONTENT, SHARE = (
    "AWS::ServiceDiscovery::HttpNamespace",
    "Custom::CloudmapMcsNamespaceContent",
    "AWS::RAM::ResourceShare",
)


def logical_id(stack: Stack, kind: str) -> str:
    (found,) = (key for key, resource in stack.template["Resources"].items() if resource["Type"] == kind)
    return str(found)


def test_the_namespace_is_shared_with_every_other_account_that_has_a_cluster_or_functions(world: World) -> None:
    hub = world.hub()
    share = hub.one(SHARE)

    assert share["Principals"] == [OTHER, THIRD]
    assert share["AllowExternalPrincipals"] is True
    assert share["ResourceArns"] == [{"Fn::GetAtt": [logical_id(hub, NAMESPACE), "Arn"]}]


def test_nothing_is_shared_or_forwarded_within_one_account_and_region(hub: Stack) -> None:
    for kind in (SHARE, "AWS::Events::Rule", "AWS::Events::EventBusPolicy", "AWS::SQS::Queue"):
        assert not hub.of_type(kind), kind


def test_the_share_goes_before_the_namespace_is_emptied_and_that_before_the_namespace(world: World) -> None:
    hub = world.hub()
    content = hub.template["Resources"][logical_id(hub, CONTENT)]

    assert content["Properties"]["NamespaceId"] == {"Ref": logical_id(hub, NAMESPACE)}
    assert hub.template["Resources"][logical_id(hub, SHARE)]["DependsOn"] == [logical_id(hub, CONTENT)]


def test_cloudformation_waits_until_no_call_can_still_start_or_end(world: World) -> None:
    hub, member = world.hub(), world.member(OTHER, HERE)
    emptier = hub.one("AWS::Lambda::Function", FunctionName="cloudmap-mcs-prod_emptier")
    finder = member.one("AWS::Lambda::Function", FunctionName="cloudmap-mcs-prod_finder")
    (calls,) = hub.of_type("AWS::Lambda::EventInvokeConfig")

    assert emptier["Timeout"] == 900
    assert int(hub.one(CONTENT)["ServiceTimeout"]) == emptier["Timeout"] + calls["MaximumEventAgeInSeconds"]
    assert int(member.one("Custom::CloudmapMcsNamespace")["ServiceTimeout"]) > finder["Timeout"]


def test_the_emptier_may_empty_the_hubs_namespace_ask_for_its_own_stack_and_log(world: World) -> None:
    found = rights(world.hub(), f"cloudmap-mcs-prod_emptier-{HERE}")
    services = f"arn:aws:servicediscovery:{HERE}:{HUB}:service/*"
    namespace = f"arn:aws:servicediscovery:{HERE}:{HUB}:namespace/<Namespace>"
    logs = f"arn:aws:logs:{HERE}:{HUB}:log-group:/aws/lambda/cloudmap-mcs-prod_emptier:*"

    assert found == {
        "servicediscovery:ListServices": {"*"},
        "servicediscovery:ListInstances": {services},
        "servicediscovery:DeregisterInstance": {services},
        "servicediscovery:DeleteService": {services},
        "servicediscovery:GetOperation": {services, namespace},
        "cloudformation:DescribeStacks": {f"arn:aws:cloudformation:{HERE}:{HUB}:stack/cloudmap-mcs-prod-hub/*"},
        "logs:CreateLogStream": {logs},
        "logs:PutLogEvents": {logs},
    }


def test_a_finder_may_look_for_namespaces_and_log(world: World) -> None:
    for stack, name in (
        (world.member(OTHER, HERE), f"cloudmap-mcs-prod_finder-{HERE}"),
        (world.access("visited"), f"cloudmap-mcs-prod-visited_finder-{HERE}"),
    ):
        found = rights(stack, name)
        assert found.pop("servicediscovery:ListNamespaces") == {"*"}
        assert set(found) == {"logs:CreateLogStream", "logs:PutLogEvents"}
