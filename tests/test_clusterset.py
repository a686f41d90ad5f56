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
    for key in ("resync_minutes", "cloudtrail", "watcher", "importer"):
        assert getattr(example, key) == getattr(defaults, key)
    for section in ("watcher", "importer"):
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


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        pytest.param('account: "210987654321"', "clusters[0].account", id="account"),
        pytest.param("region: eu-west-1", "clusters[0].region", id="region"),
    ],
)
def test_a_cluster_elsewhere_is_refused_in_a_sentence(entry: str, path: str) -> None:
    found = mistakes(GOOD.replace("eks: prod-east", f"eks: prod-east, {entry}"))

    assert set(found) == {path}
    assert "the hub's: clusters elsewhere cannot be reached by its events yet" in found[path]


def test_the_same_eks_name_in_another_region_is_another_cluster() -> None:
    found = mistakes(GOOD.replace("eks: prod-west", "eks: prod-east, region: eu-west-1"))

    assert set(found) == {"clusters[1].region"}


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
