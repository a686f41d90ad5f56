"""What AWS would refuse is refused before anything is made, in the words of the file."""

import pytest

from cloudmap_mcs.clusterset import Clusterset, ClustersetError, parse
from infra import limits
from infra.names import (
    FunctionNames,
    emptier,
    finder,
    forwarding_cloudtrail_rule,
    forwarding_dead_letters,
    forwarding_role,
    forwarding_rule,
)
from tests.infra.conftest import Stack
from tests.infra.several.world import HUB

LONGEST = "s" * 45


def clusterset(
    count: int, *, places: int, name: str = "prod", cloudtrail: str = "existing", width: int = 4
) -> Clusterset:
    """Make a clusterset of so many clusters, evenly spread over so many accounts; the first is the hub's."""
    entries = "".join(
        f'  - {{id: c{number:0{width - 1}d}, eks: e{number}, account: "{int(HUB) + number % places}"}}\n'
        for number in range(count)
    )
    hub = f'hub: {{account: "{HUB}", region: eu-west-1}}'
    return parse(f"clusterset: {name}\n{hub}\ncloudtrail: {cloudtrail}\nclusters:\n{entries}", source="many")


def test_a_hundred_clusters_in_ten_accounts_are_within_all_limits() -> None:
    limits.check(clusterset(100, places=10))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (clusterset(15, places=1), "15 clusters with functions in account 111111111111, Region eu-west-1"),
        (clusterset(30, places=30), "characters of the pattern that knows 30 accounts and Regions"),
        (clusterset(42, places=42, cloudtrail="off"), "41 accounts and Regions beside the hub's"),
        (clusterset(80, places=10, width=45), "characters in all cluster ids"),
    ],
)
def test_what_is_beyond_a_limit_is_said_with_what_to_do(value: Clusterset, said: str) -> None:
    with pytest.raises(ClustersetError) as caught:
        limits.check(value)

    (mistake,) = caught.value.mistakes
    assert mistake.path == "clusters"
    assert said in str(mistake.value)
    assert "allowed are" in mistake.allowed


def test_the_hubs_buses_stay_far_from_the_300_rules_that_eventbridge_allows() -> None:
    """Of the hub's own clusters each has a rule on either bus, and so has every other account and Region."""
    assert limits.CLUSTERS_OF_A_STACK + limits.PLACES <= 100


def test_the_pattern_takes_at_least_fifteen_accounts_whatever_the_clustersets_name() -> None:
    limits.check(clusterset(15, places=15, name=LONGEST))


def test_as_many_clusters_as_are_allowed_fit_into_a_stack(members: Stack) -> None:
    """CloudFormation takes 500 resources; the example has three clusters."""
    own = len([key for key in members.template["Resources"] if key.startswith(("east", "west", "old"))])
    rest = len(members.template["Resources"]) - own

    assert rest + 10 + limits.CLUSTERS_OF_A_STACK * -(-own // 3) <= 500


def test_names_of_what_belongs_to_the_clusterset_are_within_64_characters_and_of_no_cluster() -> None:
    region, account = "ap-southeast-7", HUB
    functions: list[FunctionNames] = [
        emptier(LONGEST, region),
        finder(LONGEST, region, None),
        finder(LONGEST, region, "c" * 45),
    ]
    names = [
        *(name for each in functions for name in (each.function, each.role)),
        forwarding_rule(LONGEST, account, region),
        forwarding_cloudtrail_rule(LONGEST, account, region),
        forwarding_role(LONGEST, region),
        forwarding_dead_letters(LONGEST),
    ]

    assert all(len(name) <= 64 and "_" in name for name in names)
    assert len(set(names)) == len(names)
    assert forwarding_rule("prod", account, "eu-west-1") == "cloudmap-mcs-prod_to-111111111111-eu-west-1"
