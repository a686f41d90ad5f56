"""`status.endpointSliceObjects` is younger than the CRD of some clusters, whose API servers drop it in silence."""

from collections.abc import Iterator
from typing import Any, cast

import pytest

from cloudmap_mcs.domain.imports import ImportStatus, Seen, ServiceImport
from cloudmap_mcs.domain.model import ClusterId, ServiceKey, ServiceType
from cloudmap_mcs.kube.client import Call, KubeClient
from cloudmap_mcs.kube.cluster import KubeCluster
from cloudmap_mcs.kube.failures import NotFoundError
from cloudmap_mcs.kube.resources import SERVICE_IMPORTS
from tests.builders import KEY
from tests.kube.serving import served

OTHER = ServiceKey("shop", "other")
STATUS = ImportStatus((ClusterId("a"),), None)


class Imports:
    """An API server that holds ServiceImports and nothing else; it drops the field unless `knows_field`."""

    def __init__(self) -> None:
        self.held: dict[str, Any] = {}
        self.knows_field = False

    def get(self, path: str) -> Any:
        if path not in self.held:
            raise NotFoundError(f"GET {path}: 404")
        return self.held[path]

    def items(self, _: str, **__: Any) -> list[Any]:
        return []

    def request(self, call: Call) -> Any:
        raw = served(call.body or {})
        if call.path.endswith("/status") and not self.knows_field:
            del raw["status"]["endpointSliceObjects"]
        self.held[SERVICE_IMPORTS.path(raw["metadata"]["name"], namespace=raw["metadata"]["namespace"])] = raw
        return raw

    def close(self) -> None:
        """Nothing to close."""


class Rig:
    """One API server, and importers of it that come and go with Lambda's environments."""

    def __init__(self) -> None:
        self.server = Imports()
        self.clusters: list[KubeCluster] = []

    def an_importer(self) -> KubeCluster:
        self.clusters.append(KubeCluster(cast("KubeClient", self.server)))
        return self.clusters[-1]


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    for cluster in rig.clusters:
        cluster.close()


def write(cluster: KubeCluster, key: ServiceKey) -> None:
    seen = cluster.observe(key).service_import
    made: Seen[ServiceImport] = seen or cluster.create(
        ServiceImport(key, ServiceType.CLUSTER_SET_IP, ports=(), ips=(), families=())
    )
    cluster.write_status(made, STATUS)


def test_a_field_that_the_api_server_drops_is_not_missed_again(rig: Rig) -> None:
    cluster = rig.an_importer()
    write(cluster, KEY)

    assert cluster.observe(KEY).status == STATUS


def test_a_field_that_the_api_server_keeps_is_written_where_it_is_missing(rig: Rig) -> None:
    before = rig.an_importer()
    write(before, KEY)
    rig.server.knows_field = True
    write(before, OTHER)

    for cluster in (before, rig.an_importer()):
        status = cluster.observe(KEY).status
        assert status
        assert not status.says_slices
    write(before, KEY)
    assert before.observe(KEY).status == STATUS
