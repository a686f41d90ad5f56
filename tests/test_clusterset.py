from pathlib import Path

import pytest
import yaml

from cloudmap_mcs.clusterset import Clusterset, ClustersetError, load, parse
from lambdas.importer.wiring import SAFETY_MS

EXAMPLE = Path(__file__).parents[1] / "clusterset.example.yaml"

GOOD = """
clusterset: prod
hub: {account: "123456789012", region: us-east-1}
clusters:
  - {id: east, eks: prod-east}
  - {id: west, eks: prod-west, state: leaving}
"""


def mistakes(text: str) -> dict[str, str]:
    """Return path → the whole complaint of every mistake in a text."""
    with pytest.raises(ClustersetError) as caught:
        parse(text, source="clusterset.yaml")
    found = {mistake.path: str(mistake) for mistake in caught.value.mistakes}
    assert len(found) == len(caught.value.mistakes)
    assert all(line in str(caught.value) for line in found.values())
    return found


def test_clusters_get_the_hubs_account_and_region() -> None:
    east, west = parse(GOOD, source="").clusters

    assert (east.account, east.region, east.state) == ("123456789012", "us-east-1", "member")
    assert (west.account, west.region, west.state) == ("123456789012", "us-east-1", "leaving")


def test_the_exports_of_a_leaving_cluster_are_not_accepted() -> None:
    assert parse(GOOD, source="").members == ("east",)


def test_the_example_is_good_and_shows_every_key_with_its_default() -> None:
    raw = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    defaults = parse(GOOD, source="")
    example = load(EXAMPLE)

    assert set(raw) == set(Clusterset.model_fields)
    for key in ("installer", "resync_minutes", "cloudtrail"):
        assert getattr(example, key) == getattr(defaults, key)
    for section in ("watcher", "stub_zone", "importer"):
        assert raw[section] == getattr(defaults, section).model_dump()
    for section in ("watcher", "stub_zone", "importer"):
        assert set(raw[section]) == set(getattr(defaults, section).model_dump())
    assert set(raw["clusters"][0]) == set(defaults.clusters[0].model_dump())


def test_all_mistakes_are_reported_at_once() -> None:
    found = mistakes("""
clusterset: Prod
hub: {account: 12, region: us-east-1, profile: me}
resync_minutes: soon
importer: {memory_mib: 64, log_retention_days: 31}
colour: red
clusters:
  - {id: east, eks: prod-east}
  - {id: east, eks: prod east}
  - {eks: prod-east, state: gone}
  - west
""")

    assert set(found) == {
        "clusterset",
        "hub.account",
        "hub.profile",
        "resync_minutes",
        "importer.memory_mib",
        "importer.log_retention_days",
        "colour",
        "clusters[1].id",
        "clusters[1].eks",
        "clusters[2].id",
        "clusters[2].eks",
        "clusters[2].state",
        "clusters[3]",
    }


@pytest.mark.parametrize(
    ("old", "new", "path", "complaint"),
    [
        pytest.param("prod\n", "Prod\n", "clusterset", "'Prod' is not allowed; allowed is one DNS label", id="value"),
        pytest.param("id: east, ", "", "clusters[0].id", "missing; allowed is one DNS label", id="missing"),
        pytest.param("east,", f"{'e' * 46},", "clusters[0].id", "at most 45 characters", id="long-id"),
        pytest.param("id: east", "id: yes", "clusters[0].id", "True is not allowed; allowed is", id="yaml-boolean"),
        pytest.param("hub:", "hug:", "hug", "no such key here, known are: clusterset, hub", id="misspelled"),
        pytest.param("id: west", "id: east", "clusters[1].id", "clusters[0] has it already", id="id-twice"),
        pytest.param("prod-west", "prod-east", "clusters[1].eks", "clusters[0] has it already", id="eks-twice"),
        pytest.param("east}", "east, state: leaving}", "clusters", "at least one must be a member", id="nobody-stays"),
        pytest.param("hub:", "resync_minutes: 0\nhub:", "resync_minutes", "0 is not allowed", id="too-often"),
        pytest.param(
            "hub:",
            "resync_minutes: 7\nhub:",
            "resync_minutes",
            "7 is not allowed; allowed is a number of minutes that divides an hour: 1, 2, 3, 4, 5, 6, 10,",
            id="no-part-of-an-hour",
        ),
        pytest.param("hub:", "resync_minutes: true\nhub:", "resync_minutes", "True is not allowed", id="no-minutes"),
        pytest.param(
            "hub:",
            "importer: {timeout_seconds: 19}\nhub:",
            "importer.timeout_seconds",
            "19 is not allowed; allowed is 20 to 120 seconds",
            id="no-time-left",
        ),
    ],
)
def test_a_mistake_has_its_path_its_value_and_what_is_allowed(old: str, new: str, path: str, complaint: str) -> None:
    assert old in GOOD

    assert complaint in mistakes(GOOD.replace(old, new, 1))[path]


def test_clusters_may_be_in_other_accounts_and_regions() -> None:
    east, west = parse(
        GOOD.replace("prod-east", 'prod-east, account: "210987654321", region: eu-west-1'), source=""
    ).clusters

    assert (east.account, east.region, east.functions_account) == ("210987654321", "eu-west-1", "210987654321")
    assert west.functions_account == "123456789012"


def test_the_functions_may_run_in_another_account_than_the_cluster() -> None:
    (east, _) = parse(GOOD.replace("prod-east", 'prod-east, functions_account: "210987654321"'), source="").clusters

    assert (east.account, east.functions_account) == ("123456789012", "210987654321")


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "us-iso-east-1"])
def test_a_region_of_another_partition_is_refused(region: str) -> None:
    found = mistakes(GOOD.replace("prod-east", f"prod-east, region: {region}"))

    assert set(found) == {"clusters[0].region"}
    assert "the hub's partition" in found["clusters[0].region"]


def test_the_same_eks_name_in_another_region_is_another_cluster() -> None:
    east, west = parse(GOOD.replace("prod-west", "prod-east, region: eu-west-1"), source="").clusters

    assert (east.eks, west.eks) == ("prod-east", "prod-east")


@pytest.mark.parametrize(
    ("entry", "path", "complaint"),
    [
        pytest.param("identity: irsa", "clusters[0].oidc_issuer", "describe-cluster --name prod-east", id="issuer"),
        pytest.param('oidc_issuer: "https://a.b/id/1"', "clusters[0].oidc_issuer", "with identity: irsa", id="no-irsa"),
        pytest.param("identity: irsa, oidc_issuer: a.b/id/1", "clusters[0].oidc_issuer", "an issuer URL", id="no-url"),
        pytest.param("dns: sidecar", "clusters[0].dns", "managed, stub-zone or manual", id="dns"),
        pytest.param(
            "network: {subnets: [], security_groups: [sg-1]}", "clusters[0].network.subnets", "a list", id="subnets"
        ),
        pytest.param(
            "network: {subnets: [subnet-1, vpc-1], security_groups: [sg-1]}",
            "clusters[0].network.subnets[1]",
            "'vpc-1' is not allowed; allowed is a list of subnets such as",
            id="subnet",
        ),
        pytest.param(
            "network: {vpc: vpc-1, subnets: [subnet-1], security_groups: [sg-1]}",
            "clusters[0].network.vpc",
            "known are: subnets, security_groups",
            id="vpc",
        ),
        pytest.param("functions_account: 12", "clusters[0].functions_account", "twelve digits", id="functions-account"),
    ],
)
def test_mistakes_in_a_cluster(entry: str, path: str, complaint: str) -> None:
    found = mistakes(GOOD.replace("eks: prod-east", f"eks: prod-east, {entry}"))

    assert set(found) == {path}
    assert complaint in found[path]


def test_an_image_that_holds_the_code_needs_no_base_image() -> None:
    text = f"{GOOD}watcher: {{image: example.com/mcs:1, base_image: example.com/python:3.13}}\n"

    assert "remove one" in mistakes(text)["watcher.base_image"]
    assert parse(text.replace(", base_image: example.com/python:3.13", ""), source="").watcher.image


@pytest.mark.parametrize(
    ("eks", "proposed"), [("prod-east", "prod-east"), ("Prod_East", "prod-east-"), ("p" * 80, "p" * 38 + "-")]
)
def test_a_missing_id_is_proposed_from_the_eks_name(eks: str, proposed: str) -> None:
    found = mistakes(GOOD.replace("{id: east, eks: prod-east}", f"{{eks: {eks}}}"))

    assert f"; for example {proposed}" in found["clusters[0].id"]


@pytest.mark.parametrize(("written", "read"), [("on", "on"), ("off", "off"), ('"off"', "off")])
def test_the_installer_is_switched_without_quotes_too(written: str, read: str) -> None:
    assert parse(f"{GOOD}installer: {written}\n", source="").installer == read


def test_a_bad_hub_is_not_blamed_on_the_clusters() -> None:
    assert set(mistakes(GOOD.replace('"123456789012"', "12"))) == {"hub.account"}


def test_an_unquoted_off_is_off_and_an_unquoted_account_an_account() -> None:
    text = GOOD.replace('"123456789012"', "123456789012") + "cloudtrail: off\n"

    assert parse(text, source="").cloudtrail == "off"
    assert parse(text, source="").hub.account == "123456789012"


def test_an_unquoted_account_that_yaml_reads_as_octal_is_refused() -> None:
    assert "twelve digits in quotes" in mistakes(GOOD.replace('"123456789012"', "012345670123"))["hub.account"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("clusterset: a\nclusterset: b\n", "'clusterset' is there twice", id="key-twice"),
        pytest.param("clusterset: [", "is not YAML", id="not-yaml"),
        pytest.param("", "holds None; allowed is a mapping", id="empty"),
        pytest.param("- a", "holds ['a']; allowed is a mapping", id="list"),
    ],
)
def test_a_file_that_is_no_mapping_is_refused(text: str, complaint: str) -> None:
    assert complaint in mistakes(text)["the file"]


def test_a_missing_file_says_where_to_begin(tmp_path: Path) -> None:
    with pytest.raises(ClustersetError, match=r"copy clusterset\.example\.yaml"):
        load(tmp_path / "clusterset.yaml")


def test_the_shortest_timeout_leaves_a_resync_as_much_time_as_it_keeps_in_reserve() -> None:
    for seconds in range(1, 120):
        text = f"{GOOD}importer: {{timeout_seconds: {seconds}}}\n"
        if seconds * 1000 < 2 * SAFETY_MS:
            assert "importer.timeout_seconds" in mistakes(text)
        else:
            assert parse(text, source="").importer.timeout_seconds == seconds


def test_a_list_of_clusters_must_not_be_empty() -> None:
    assert "at least one cluster" in mistakes(GOOD.partition("clusters:")[0] + "clusters: []\n")["clusters"]
