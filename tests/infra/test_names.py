import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.names import ClusterNames, access_stack, cut, external_id

LABELS = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=45)
SIXTY_FOUR = (
    "queue",
    "dead_letters",
    "rule",
    "cloudtrail_rule",
    "schedule",
    "importer",
    "importer_role",
    "installer",
    "installer_role",
    "importer_access_role",
    "installer_access_role",
    "scheduler_role",
    "watcher_role",
)


def test_short_names_are_the_ids_themselves() -> None:
    names = ClusterNames("prod", "east", "us-east-1")

    assert names.queue == names.rule == names.schedule == "cloudmap-mcs-prod-east"
    assert names.dead_letters == "cloudmap-mcs-prod-east-dlq"
    assert names.importer == "cloudmap-mcs-prod-east-importer"
    assert names.watcher_role == "cloudmap-mcs-prod-east-watcher-us-east-1"


@pytest.mark.parametrize("name", SIXTY_FOUR)
def test_the_longest_ids_still_fit_and_keep_what_they_are(name: str) -> None:
    longest = getattr(ClusterNames("s" * 45, "c" * 45, "ap-southeast-7"), name)

    assert len(longest) <= 64
    assert longest.startswith("cloudmap-mcs-sss")


@given(LABELS, LABELS)
def test_two_clusters_of_a_clusterset_never_share_a_name(one: str, other: str) -> None:
    first, second = (ClusterNames("s" * 45, cluster, "ap-southeast-7") for cluster in (one, other))

    for name in SIXTY_FOUR:
        assert (getattr(first, name) == getattr(second, name)) == (one == other)


def test_a_name_within_the_limit_is_not_touched() -> None:
    assert cut("n" * 60, "-dlq") == "n" * 60 + "-dlq"
    assert cut("n" * 61, "-dlq") != "n" * 61 + "-dlq"


def test_what_other_accounts_are_told_fits_what_aws_allows() -> None:
    """CloudFormation: a stack's name has at most 128 characters. STS: an external id has at most 1,224."""
    assert len(access_stack("s" * 45, "c" * 45)) <= 128
    assert external_id("prod", "east") == "cloudmap-mcs/prod/east"
