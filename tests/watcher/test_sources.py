from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.domain.wellknown import PROPERTY_CLUSTER
from cloudmap_mcs.kube.client import KubeClient
from cloudmap_mcs.kube.failures import GoneError, NotFoundError
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


Raw = dict[str, Any]


class Stream(list[Raw]):
    """The events of one watch, which then ends."""

    def close(self) -> None:
        """Nothing to close."""


class Lists:
    """An API server that answers lists, and each watch of a kind by the next of its `watches`."""

    def __init__(self, items: dict[str, list[Raw]]) -> None:
        self.items = dict(items)
        self.queries: dict[str, Any] = {}
        self.watches: dict[str, list[Callable[[], list[Raw]]]] = {}

    def pages(self, path: str, *, query: Any = (), **_: Any) -> Iterator[dict[str, Any]]:
        kind = path.rsplit("/", 1)[1]
        self.queries[kind] = dict(query)
        if kind not in self.items:
            raise NotFoundError(f"GET {path}: 404")
        yield {"metadata": {"resourceVersion": "7"}, "items": self.items[kind]}

    def watch(self, path: str, **_: Any) -> Any:
        if watches := self.watches.get(path.rsplit("/", 1)[1]):
            return Stream(watches.pop(0)())
        raise NotFoundError("no more")


def reflected(items: dict[str, list[Raw]]) -> tuple[ReflectedCluster, list[ServiceKey], list[str], Lists]:
    keys: list[ServiceKey] = []
    signs: list[str] = []
    lists = Lists(items)
    client = cast("KubeClient", lists)
    listeners = Listeners(keys.append, lambda: signs.append("identity"), signs.append)
    cluster = ReflectedCluster(client, HomeCluster(client), listeners, Chance(lambda: 0.0, lambda: 0.0))
    return cluster, keys, signs, lists


def a_namespace(name: str, *, uid: str = "uid-1", phase: str = "Active", **metadata: Any) -> Raw:
    return {"metadata": {"name": name, "uid": uid, "resourceVersion": "8", **metadata}, "status": {"phase": phase}}


ALL: dict[str, list[Raw]] = {
    "namespaces": [a_namespace("shop"), a_namespace("going", phase="Terminating")],
    "services": [SERVICE],
    "endpointslices": [SLICE],
    "serviceexports": [EXPORT],
    "clusterproperties": [PROPERTY],
}


@pytest.fixture
def running() -> Iterator[tuple[ReflectedCluster, list[ServiceKey], list[str], Lists]]:
    found = reflected(ALL)
    found[0].start()
    until(lambda: not found[0].unsynced)
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


def test_namespaces_that_may_not_be_listed_do_not_keep_exports_waiting_and_are_named() -> None:
    """A Deployment may be upgraded before the ClusterRole that lets it list Namespaces."""
    cluster, keys, _, _ = reflected({kind: held for kind, held in ALL.items() if kind != "namespaces"})
    cluster.start()
    until(lambda: "404" in cluster.unsynced.get("namespaces", "") and len(cluster.unsynced) == 1)
    cluster.stop()

    assert cluster.is_synced
    assert KEY in keys
    assert cluster.offered(KEY).export


@pytest.mark.parametrize("missing", sorted(ALL.keys() - {"namespaces"}))
def test_all_that_exports_are_made_of_is_waited_for(missing: str) -> None:
    cluster, _, _, _ = reflected({kind: held for kind, held in ALL.items() if kind != missing})
    cluster.start()
    until(lambda: "404" in cluster.unsynced.get(missing, "") and len(cluster.unsynced) == 1)
    cluster.stop()

    assert not cluster.is_synced


def told_of_namespaces(*watches: Callable[[Lists], list[Raw]]) -> list[str]:
    """Give the namespaces that are told of when the watches are answered like this, one after the other."""
    cluster, _, signs, lists = reflected(ALL)
    lists.watches["namespaces"] = [lambda watch=watch: watch(lists) for watch in watches]  # type: ignore[misc]  # mypy: no type for a default
    cluster.start()
    until(lambda: not lists.watches["namespaces"])
    cluster.stop()
    return [sign for sign in signs if sign != "identity"]


def events(*pairs: tuple[str, Raw]) -> Callable[[Lists], list[Raw]]:
    return lambda _: [{"type": kind, "object": raw} for kind, raw in pairs]


def test_the_namespaces_of_the_first_list_did_not_appear() -> None:
    assert told_of_namespaces(events(("BOOKMARK", a_namespace("")))) == []


def test_a_namespace_appears_once_whatever_else_changes_of_it() -> None:
    labelled = a_namespace("fresh", labels={"team": "web"})

    assert told_of_namespaces(events(("ADDED", a_namespace("fresh")), ("MODIFIED", labelled))) == ["fresh"]


def test_a_namespace_that_goes_does_not_appear_and_one_of_its_name_does() -> None:
    going = a_namespace("shop", phase="Terminating", deletionTimestamp="2026-01-01T00:00:00Z")
    again = a_namespace("shop", uid="uid-2")

    assert told_of_namespaces(events(("MODIFIED", going), ("DELETED", going))) == []
    assert told_of_namespaces(events(("MODIFIED", going), ("DELETED", going), ("ADDED", again))) == ["shop"]


def test_a_namespace_that_was_going_at_the_start_appears_when_it_is_made_anew() -> None:
    gone = a_namespace("going", phase="Terminating")

    assert told_of_namespaces(events(("DELETED", gone), ("ADDED", a_namespace("going", uid="uid-2")))) == ["going"]


def test_what_appeared_while_a_watch_was_broken_is_found_by_the_next_list() -> None:
    def breaks(lists: Lists) -> list[Raw]:
        lists.items["namespaces"] = [a_namespace("shop"), a_namespace("going", uid="uid-2"), a_namespace("fresh")]
        raise GoneError("410")

    assert sorted(told_of_namespaces(breaks, events(("BOOKMARK", a_namespace(""))))) == ["fresh", "going"]


def test_a_namespace_that_was_made_anew_while_a_watch_was_broken_appears() -> None:
    def breaks(lists: Lists) -> list[Raw]:
        lists.items["namespaces"] = [a_namespace("shop", uid="uid-2")]
        raise GoneError("410")

    assert told_of_namespaces(breaks, events(("BOOKMARK", a_namespace("")))) == ["shop"]


def test_a_namespace_that_came_and_goes_already_when_it_is_first_seen_does_not_appear() -> None:
    def breaks(lists: Lists) -> list[Raw]:
        lists.items["namespaces"] = [a_namespace("shop"), a_namespace("fresh", phase="Terminating")]
        raise GoneError("410")

    assert told_of_namespaces(breaks, events(("BOOKMARK", a_namespace("")))) == []
