"""EventBridge forwards an event from bus to bus once and drops it then, without a word."""

from collections.abc import Iterable

from tests.infra.several.world import BUS, FAR, HERE, HUB, OTHER, Rule, World


def second_hops(rules: Iterable[Rule]) -> list[tuple[str, str]]:
    """Name each pair of rules of which the second forwards what the first one forwarded."""
    forwarding = [rule for rule in rules if rule.buses]
    return [(one.name, two.name) for one in forwarding for two in forwarding if two.bus in one.buses]


def test_no_bus_that_events_are_forwarded_to_forwards_any(world: World) -> None:
    assert second_hops(world.rules()) == []


def test_a_second_hop_would_be_found(world: World) -> None:
    arn = f"arn:aws:events:{HERE}:{OTHER}:event-bus/{BUS}"
    further = Rule((HUB, FAR, BUS), "further", {}, [{"Arn": arn}])

    found = second_hops([*world.rules(), further])
    assert found
    assert {second for _, second in found} == {"further"}
