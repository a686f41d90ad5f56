import pytest

from cloudmap_mcs.domain.model import ClusterId
from cloudmap_mcs.domain.wellknown import PROPERTY_CLUSTER, PROPERTY_CLUSTERSET
from cloudmap_mcs.errors import IdentityError
from cloudmap_mcs.watcher.identity import ClusterIdentity, identify

MEMBERS = frozenset(map(ClusterId, ["east", "west"]))
GOOD = {PROPERTY_CLUSTER: "east", PROPERTY_CLUSTERSET: "prod"}


def test_two_properties_and_an_owner_are_an_identity() -> None:
    found = identify({**GOOD, "other.io": "x"}, "uid-1", clusterset="prod", members=MEMBERS)

    assert found == ClusterIdentity(ClusterId("east"), "uid-1")


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({}, ["cluster.clusterset.k8s.io is missing", "create it"]),
        ({PROPERTY_CLUSTER: "east"}, ["ClusterProperty clusterset.k8s.io is missing"]),
        ({PROPERTY_CLUSTERSET: "prod"}, ["cluster.clusterset.k8s.io is missing"]),
        ({**GOOD, PROPERTY_CLUSTERSET: "test"}, ["'test'", "'prod'"]),
        ({**GOOD, PROPERTY_CLUSTER: "South.1"}, ["'South.1'", "one DNS label"]),
        ({**GOOD, PROPERTY_CLUSTER: "x" * 46}, ["at most 45"]),
        ({**GOOD, PROPERTY_CLUSTER: ""}, ["one DNS label"]),
        ({**GOOD, PROPERTY_CLUSTER: "south"}, ["'south'", "clusterset.yaml does not list", "east, west"]),
    ],
)
def test_every_mistake_is_a_sentence_that_says_what_to_do(properties: dict[str, str], told: list[str]) -> None:
    with pytest.raises(IdentityError) as caught:
        identify(properties, "uid-1", clusterset="prod", members=MEMBERS)

    assert all(part in str(caught.value) for part in told)
