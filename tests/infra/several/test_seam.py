"""What CDK hands to the namespace's function against what its code reads."""

import importlib

from infra.namespace import HANDLER
from lambdas.namespace.properties import Content, Lookup, wanted
from tests.infra.several.world import FAR, HERE, HUB, World


def test_the_handler_string_leads_to_a_function(world: World) -> None:
    module, _, name = HANDLER.rpartition(".")

    assert callable(getattr(importlib.import_module(module), name))
    assert world.hub().one("AWS::Lambda::Function")["Handler"] == HANDLER


def test_the_properties_are_those_that_the_function_reads(world: World) -> None:
    content = world.hub().one("Custom::CloudmapMcsNamespaceContent")
    lookup = world.member(HUB, FAR).one("Custom::CloudmapMcsNamespace")

    assert wanted({**content, "NamespaceId": "ns-abc"}) == Content("ns-abc", HERE)
    assert wanted(lookup) == Lookup("mcs.prod", HUB, HERE)
    assert {name for name in lookup if not name.startswith("Service")} == {"Name", "HubAccount", "HubRegion"}
    assert {name for name in content if not name.startswith("Service")} == {"NamespaceId", "HubRegion"}
