from collections.abc import Iterator
from typing import Any, cast

import pytest

from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.domain.wellknown import PROPERTY_CLUSTER
from cloudmap_mcs.kube.client import KubeClient
from cloudmap_mcs.kube.failures import NotFoundError
from cloudmap_mcs.kube.home import HomeCluster
from cloudmap_mcs.kube.reflector import Chance
from cloudmap_mcs.watcher.sources import Listeners, ReflectedCluster
from tests.builders import KEY
from tests.fakes.time import until


def meta(name: str = "web", **more: Any) -> dict[str, Any]:
    return {"namespace": "shop", "name": name, "uid": f"uid-{name}", "resourceVersion": "1", **more}


SERVICE = {"metadata": meta(), "spec": {"ports": [{"port": 80}], "ipFamilies": ["IPv4"], "clusterIP": "10.0.0.1"}}
EXPORT = {"metadata": meta(creationTimestamp="2026-01-01T00:00:00Z"), "spec": {}}
SLICE = {
    "metadata": meta("web-1", labels={"kubernetes.io/service-name": "web"}),
    "addressType": "IPv4",
    "ports": [{"port": 8080}],
    "endpoints": [{"addresses": ["10.1.0.1"]}],
}
PROPERTY = {"metadata": {**meta(PROPERTY_CLUSTER), "namespace": ""}, "spec": {"value": "a"}}


class Lists:
    """An API server that answers lists, and watches with an orderly end."""

    def __init__(self, items: dict[str, list[dict[str, Any]]]) -> None:
        self.items = items
        self.queries: dict[str, Any] = {}

    def pages(self, path: str, *, query: Any = (), **_: Any) -> Iterator[dict[str, Any]]:
        kind = path.rsplit("/", 1)[1]
        self.queries[kind] = dict(query)
        if kind not in self.items:
            raise NotFoundError(f"GET {path}: 404")
        yield {"metadata": {"resourceVersion": "7"}, "items": self.items[kind]}

    def watch(self, *_: Any, **__: Any) -> Any:
        raise NotFoundError("no more")


def reflected(items: dict[str, list[dict[str, Any]]]) -> tuple[ReflectedCluster, list[ServiceKey], list[str], Lists]:
    keys: list[ServiceKey] = []
    signs: list[str] = []
    lists = Lists(items)
    client = cast("KubeClient", lists)
    listeners = Listeners(keys.append, lambda: signs.append("identity"))
    cluster = ReflectedCluster(client, HomeCluster(client), listeners, Chance(lambda: 0.0, lambda: 0.0))
    return cluster, keys, signs, lists


ALL: dict[str, list[dict[str, Any]]] = {
    "services": [SERVICE],
    "endpointslices": [SLICE],
    "serviceexports": [EXPORT],
    "clusterproperties": [PROPERTY],
}


@pytest.fixture
def running() -> Iterator[tuple[ReflectedCluster, list[ServiceKey], list[str], Lists]]:
    found = reflected(ALL)
    found[0].start()
    until(lambda: found[0].is_synced)
    yield found
    found[0].stop()


def test_an_offer_is_a_service_its_export_and_its_slices(running: Any) -> None:
    cluster, keys, signs, lists = running
    offered = cluster.offered(KEY)

    assert offered.export.key == offered.service.key == KEY
    assert [item.endpoints[0].address for item in offered.slices] == ["10.1.0.1"]
    assert KEY in keys
    assert signs
    assert cluster.identity() == {PROPERTY_CLUSTER: "a"}
    assert "!multicluster.kubernetes.io/source-cluster" in lists.queries["endpointslices"]["labelSelector"]
    assert cluster.unsynced == {}


def test_nobody_is_told_of_services_that_are_not_exported() -> None:
    cluster, keys, _, _ = reflected({**ALL, "serviceexports": []})
    cluster.start()
    until(lambda: cluster.is_synced)
    cluster.stop()

    assert keys == []
    assert cluster.offered(KEY).service


def test_what_has_not_been_read_is_named_with_the_reason() -> None:
    cluster, _, _, _ = reflected({kind: held for kind, held in ALL.items() if kind != "serviceexports"})
    cluster.start()
    until(lambda: "404" in cluster.unsynced.get("serviceexports", "") and len(cluster.unsynced) == 1)
    assert not cluster.is_synced
    cluster.stop()
