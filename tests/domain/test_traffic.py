"""Equal settings are equal values, however an API server spells them."""

import pytest

from cloudmap_mcs.domain.imports import Traffic
from cloudmap_mcs.domain.model import Affinity


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(Traffic(), Traffic(internal_policy="Cluster"), id="policy-by-default"),
        pytest.param(Traffic(Affinity.CLIENT_IP), Traffic(Affinity.CLIENT_IP, 10_800), id="timeout-by-default"),
        pytest.param(Traffic(), Traffic(Affinity.NONE, 60), id="timeout-without-affinity"),
    ],
)
def test_what_an_api_server_fills_in_makes_no_difference(one: Traffic, other: Traffic) -> None:
    assert one == other


def test_what_people_set_makes_a_difference() -> None:
    assert Traffic(Affinity.CLIENT_IP, 60) != Traffic(Affinity.CLIENT_IP)
    assert Traffic(internal_policy="Local") != Traffic()
    assert Traffic(distribution="PreferClose") != Traffic()
