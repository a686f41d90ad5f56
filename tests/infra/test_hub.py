from tests.infra.conftest import Stack


def test_the_namespace_and_the_bus_are_named_after_the_clusterset(hub: Stack) -> None:
    assert hub.one("AWS::ServiceDiscovery::HttpNamespace")["Name"] == "mcs.prod"
    assert hub.one("AWS::Events::EventBus")["Name"] == "cloudmap-mcs-prod"


def test_member_stacks_find_the_namespace_in_the_parameter_that_the_hub_writes(hub: Stack, members: Stack) -> None:
    written = hub.one("AWS::SSM::Parameter")
    read = [p for p in members.template["Parameters"].values() if p["Type"].startswith("AWS::SSM")]

    assert written["Name"] in {p["Default"] for p in read}
    assert hub.template["Resources"][written["Value"]["Ref"]]["Type"] == "AWS::ServiceDiscovery::HttpNamespace"


def test_the_trail_records_write_events_of_this_region_only(hub: Stack) -> None:
    trail = hub.one("AWS::CloudTrail::Trail")

    assert trail["IsLogging"] is True
    assert trail["IsMultiRegionTrail"] is False
    assert [s["ReadWriteType"] for s in trail["EventSelectors"]] == ["WriteOnly"]


def test_outputs_say_what_people_and_the_sandbox_need(hub: Stack) -> None:
    assert {"NamespaceId", "NamespaceArn", "BusArn"} == set(hub.template["Outputs"])
