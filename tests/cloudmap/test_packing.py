from hypothesis import HealthCheck, given, settings

from cloudmap_mcs.cloudmap import packing
from cloudmap_mcs.domain.model import Slice
from tests.cloudmap.strategies import odd_slices


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(odd_slices)
def test_nodes_and_zones_with_any_characters_read_back(slices: list[Slice]) -> None:
    places, packed = packing.write_slices(slices)

    assert packing.read_slices(places, packed) == tuple(slices)
