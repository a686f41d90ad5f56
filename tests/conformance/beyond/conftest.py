"""What every case here begins with."""

import pytest

from tests.conformance.clusters import Cluster


@pytest.fixture(autouse=True)
def _enough_clusters(request: pytest.FixtureRequest, clusters: tuple[Cluster, ...]) -> None:
    """Leave out what takes more clusters than were given, before anything is made."""
    wanted: int = request.node.get_closest_marker("conformance").kwargs["clusters"]
    if len(clusters) < wanted:
        pytest.skip(f"takes {wanted} clusters, {len(clusters)} given")
