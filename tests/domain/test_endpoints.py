"""Which VPC endpoints programs need: the messages and the page for private clusters say what the table says."""

import re
from pathlib import Path

import pytest

from cloudmap_mcs.domain.endpoints import ENDPOINTS, Endpoint, Program, advice

PAGE = Path(__file__).parents[2] / "docs" / "private-clusters.md"


def row(endpoint: Endpoint) -> list[str]:
    """One endpoint as a row of the page's table."""
    uses = (f"{use.program} {use.purpose}{f' ({use.only})' if use.only else ''}" for use in endpoint.uses)
    region = "the hub's" if endpoint.is_hubs else "the cluster's"
    return [f"`{endpoint.service}`", endpoint.kind, region, "; ".join(uses)]


def test_the_page_has_the_table() -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    rows = [line.strip("| ").split(" | ") for line in lines]

    assert [cells for cells in rows if len(cells) == 4] == [row(endpoint) for endpoint in ENDPOINTS]


def test_every_endpoint_is_there_once_and_a_program_needs_it_for_one_thing() -> None:
    assert len({endpoint.service for endpoint in ENDPOINTS}) == len(ENDPOINTS)
    for endpoint in ENDPOINTS:
        programs = [use.program for use in endpoint.uses]
        assert len(set(programs)) == len(programs) > 0
        assert endpoint.kind in {"interface", "gateway"}


@pytest.mark.parametrize(
    ("program", "named"),
    [
        pytest.param(
            Program.IMPORTER,
            "servicediscovery (of the hub's Region), data-servicediscovery (of the hub's Region), sqs, lambda, eks, "
            "sts (only with functions_account)",
            id="importer",
        ),
        pytest.param(
            Program.INSTALLER,
            "servicediscovery (of the hub's Region), eks, sts (only with functions_account), s3 (gateway)",
            id="installer",
        ),
        pytest.param(
            Program.WATCHER,
            "servicediscovery (of the hub's Region), data-servicediscovery (of the hub's Region), "
            "events (of the hub's Region), sts (only with identity: irsa), "
            "eks-auth (only with identity: pod-identity), "
            "ecr.api (only for images in Amazon ECR), ecr.dkr (only for images in Amazon ECR), s3 (gateway)",
            id="watcher",
        ),
    ],
)
def test_a_message_names_what_a_program_needs_and_in_which_case(program: Program, named: str) -> None:
    assert advice(program) == (
        f"Subnets without a NAT gateway need VPC endpoints for the {program}: {named} (docs/private-clusters.md)"
    )


def test_conditions_are_keys_of_the_clusterset() -> None:
    """What a user reads in a condition is what they can look for in clusterset.example.yaml."""
    example = (PAGE.parents[1] / "clusterset.example.yaml").read_text(encoding="utf-8")
    for endpoint in ENDPOINTS:
        for use in endpoint.uses:
            for key in re.findall(r"with (\w+)", use.only):
                assert f"{key}:" in example
