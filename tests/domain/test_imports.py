from dataclasses import replace

import pytest

from cloudmap_mcs.domain.imports import (
    DerivedService,
    ImportedSlice,
    ImportStatus,
    Managed,
    NamespaceState,
    Note,
    Observed,
    Seen,
    ServiceImport,
    Traffic,
)
from cloudmap_mcs.domain.model import Affinity, ClusterId, Family, ServiceType
from tests.builders import KEY

A = ClusterId("a")
IMPORT = ServiceImport(KEY, ServiceType.CLUSTER_SET_IP, (), ("10.0.0.1",), (Family.IPV4,))
DERIVED = DerivedService(KEY, "derived-1", ServiceType.CLUSTER_SET_IP, (), frozenset({Family.IPV4}))
SLICE = ImportedSlice(KEY, "web-a-1", A, "web-1", Family.IPV4, (), ())
EMPTY = Observed(NamespaceState.PRESENT)


def seen(value: Managed, version: str = "1") -> Seen[Managed]:
    return Seen(value, "uid", version)


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        pytest.param(Traffic(), Traffic(Affinity.NONE, None, "Cluster", None), id="defaults"),
        pytest.param(Traffic(Affinity.CLIENT_IP), Traffic(Affinity.CLIENT_IP, 10_800), id="timeout-filled-in"),
        pytest.param(Traffic(Affinity.CLIENT_IP, 60), Traffic(Affinity.CLIENT_IP, 60), id="timeout-kept"),
        pytest.param(Traffic(Affinity.NONE, 60), Traffic(), id="timeout-without-affinity"),
        pytest.param(Traffic(internal_policy="Cluster"), Traffic(), id="policy-default"),
    ],
)
def test_traffic_that_an_api_server_holds_alike_is_equal(given: Traffic, normal: Traffic) -> None:
    assert given == normal
    assert (given.affinity_timeout, given.internal_policy) == (normal.affinity_timeout, normal.internal_policy)


@pytest.mark.parametrize(
    "other",
    [Traffic(Affinity.CLIENT_IP, 60), Traffic(internal_policy="Local"), Traffic(distribution="PreferClose")],
)
def test_traffic_that_differs_is_not_equal(other: Traffic) -> None:
    assert other != Traffic()


def test_where_a_value_came_from_does_not_take_part_in_comparison() -> None:
    assert replace(IMPORT, notes=(Note(A, 1, "srv-1"),)) == IMPORT
    assert replace(SLICE, generation=9, service_id="srv-1") == SLICE
    assert replace(DERIVED, ips=("10.0.0.1",), families=(Family.IPV4,)) == DERIVED
    assert Seen(SLICE, "uid", "1", {"raw": 1}) == Seen(SLICE, "uid", "1")


def test_an_observation_follows_what_was_written() -> None:
    observed = EMPTY.holding(seen(IMPORT)).holding(seen(DERIVED)).holding(seen(SLICE))

    assert observed.service_import == seen(IMPORT)
    assert observed.derived == seen(DERIVED)
    assert observed.slices == (seen(SLICE),)


def test_a_slice_that_is_written_again_takes_the_place_of_its_former_state() -> None:
    other = replace(SLICE, name="web-a-0")

    observed = EMPTY.holding(seen(SLICE)).holding(seen(other)).holding(seen(SLICE, "2"))

    assert observed.slices == (seen(other), seen(SLICE, "2"))


@pytest.mark.parametrize("value", [IMPORT, DERIVED, SLICE], ids=["import", "derived", "slice"])
def test_an_observation_forgets_what_was_deleted_and_nothing_else(value: Managed) -> None:
    observed = EMPTY.holding(seen(IMPORT)).holding(seen(DERIVED)).holding(seen(SLICE))

    left = observed.without(seen(value))

    assert left.holding(seen(value)) == observed
    assert left != observed


def test_a_status_goes_with_its_import() -> None:
    observed = replace(EMPTY.holding(seen(IMPORT)), status=ImportStatus((A,), None))

    assert observed.without(seen(IMPORT)).status is None
    assert observed.without(seen(SLICE)).status is not None
