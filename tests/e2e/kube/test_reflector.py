"""The reflector on a real API server, and on the networks between."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.domain.offers import ExportSeen
from cloudmap_mcs.errors import RetryableError, UnreachableError
from cloudmap_mcs.kube.access import ApiServer, ClientCertificate, FixedServer
from cloudmap_mcs.kube.client import Identity, KubeClient
from cloudmap_mcs.kube.exports import PropertySeen, export_seen, property_seen, slice_seen
from cloudmap_mcs.kube.reflector import Chance, Interest, Pace, Reflector
from cloudmap_mcs.kube.resources import CLUSTER_PROPERTIES, ENDPOINT_SLICES, SERVICE_EXPORTS
from sandbox.controlplane.client import KubeClient as Bystander
from tests.e2e.kube.lab import MCS, an_export_in
from tests.e2e.kube.reflecting import CHANCE, Calls, Later, Reflecting
from tests.e2e.kube.wire import Wire
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

EXPORTS = Interest(SERVICE_EXPORTS.everywhere, export_seen, lambda seen: seen.key)
SOON = Pace(watch=1, jitter=0, grace=0.5)


@pytest.fixture
def exports(namespace: str) -> str:
    return f"{MCS}/namespaces/{namespace}/serviceexports"


@pytest.fixture
def wire(server: ApiServer) -> Iterator[Wire]:
    with Wire(server.url) as wire:
        yield wire


@pytest.fixture
def wired(server: ApiServer, certificate: ClientCertificate, wire: Wire) -> Iterator[KubeClient]:
    client = KubeClient(FixedServer(replace(server, url=wire.url)), Identity("test", certificate=certificate))
    yield client
    client.close()


def test_what_is_there_and_what_comes_changes_and_goes_is_told_by_key(
    client: KubeClient, bystander: Bystander, namespace: str, exports: str
) -> None:
    bystander.create(exports, an_export_in(namespace, "first"))
    with Reflecting(client, namespace, EXPORTS, Pace()) as reflecting:
        reflector = reflecting.reflector
        assert reflecting.next_key() == "first"
        bystander.create(exports, an_export_in(namespace, "second"))
        assert reflecting.next_key() == "second"
        bystander.patch(f"{exports}/second", {"spec": {"exportedLabels": {"team": "web"}}})
        assert reflecting.next_key() == "second"
        (seen,) = reflector.get(ServiceKey(namespace, "second"))
        assert isinstance(seen, ExportSeen)
        assert seen.labels == (("team", "web"),)
        bystander.delete(f"{exports}/first")
        assert reflecting.next_key() == "first"

        assert reflector.keys() == {ServiceKey(namespace, "second")}
        assert reflector.get(ServiceKey(namespace, "first")) == ()


def test_a_change_of_nothing_that_matters_is_not_told(
    client: KubeClient, bystander: Bystander, namespace: str, exports: str
) -> None:
    with Reflecting(client, namespace, EXPORTS, Pace()) as reflecting:
        bystander.create(exports, an_export_in(namespace, "web"))
        assert reflecting.next_key() == "web"
        bystander.patch(f"{exports}/web", {"metadata": {"annotations": {"their": "x"}}})
        bystander.create(exports, an_export_in(namespace, "next"))

        assert reflecting.next_key() == "next"


def test_watches_follow_one_another_without_loss_or_a_new_list(
    client: KubeClient, bystander: Bystander, namespace: str, exports: str
) -> None:
    calls = Calls(client)
    with Reflecting(client, namespace, EXPORTS, SOON) as reflecting:
        for number in range(1, 5):
            eventually("one more watch", lambda least=number: calls.watches >= least)  # type: ignore[misc]
            bystander.create(exports, an_export_in(namespace, f"web-{number}"))
            assert reflecting.next_key() == f"web-{number}"

        assert calls.lists == 1
        assert reflecting.keys.empty()


def test_the_safety_net_lists_again_in_between(client: KubeClient, namespace: str) -> None:
    calls, later = Calls(client), Later()
    with Reflecting(client, namespace, EXPORTS, SOON, chance=later.chance):
        eventually("three watches", lambda: calls.watches >= 3)
        assert calls.lists == 1

        later.ahead += 1.5 * SOON.relist

        eventually("another list", lambda: calls.lists == 2)


def test_a_property_without_a_spec_ends_nothing(client: KubeClient, bystander: Bystander, namespace: str) -> None:
    path = CLUSTER_PROPERTIES.everywhere
    about = {"apiVersion": CLUSTER_PROPERTIES.version, "kind": CLUSTER_PROPERTIES.kind}
    bystander.create(path, about | {"metadata": {"name": namespace}})
    interest = Interest(path, property_seen, lambda seen: seen.name)
    reflector = Reflector(client, interest, changed=lambda _: None, chance=CHANCE)
    reflector.start()
    assert reflector.wait_synced(30)
    assert reflector.get(namespace) == ()

    bystander.patch(f"{path}/{namespace}", {"spec": {"value": "v"}})
    eventually("the spec is seen", lambda: reflector.get(namespace) == (PropertySeen(namespace, "v"),))
    bystander.patch(f"{path}/{namespace}", {"spec": None})
    eventually("its absence is seen", lambda: reflector.get(namespace) == ())

    assert reflector.is_alive
    bystander.delete(f"{path}/{namespace}")
    reflector.stop()


def test_an_object_of_a_newer_kubernetes_is_left_out_and_told_once_for_each_of_its_states(
    client: KubeClient, bystander: Bystander, namespace: str, exports: str, caplog: pytest.LogCaptureFixture
) -> None:
    def project(raw: Mapping[str, Any]) -> ExportSeen | None:
        """Know no team but web, as we know no protocol but three."""
        if (found := raw["spec"]["exportedLabels"]["team"]) != "web":
            raise ValueError(found)
        return export_seen(raw)

    def team(name: str) -> dict[str, Any]:
        return {"spec": {"exportedLabels": {"team": name}}}

    calls, later = Calls(client), Later()
    interest = replace(EXPORTS, project=project)
    bystander.create(exports, an_export_in(namespace, "new") | team("api"))
    bystander.create(exports, an_export_in(namespace, "old") | team("web"))
    with Reflecting(client, namespace, interest, SOON, chance=later.chance) as reflecting:
        assert reflecting.next_key() == "old"
        bystander.patch(f"{exports}/old", team("api"))
        assert reflecting.next_key() == "old"
        assert reflecting.reflector.keys() == set()
        later.ahead += 1.5 * SOON.relist
        eventually("a second list", lambda: calls.lists == 2)
        bystander.patch(f"{exports}/new", team("web"))
        assert reflecting.next_key() == "new"

    told = [vars(record) for record in caplog.records if "left out" in record.message]
    assert [(item["kind"], item["namespace"], item["object"]) for item in told] == [
        ("serviceexports", namespace, "new"),
        ("serviceexports", namespace, "old"),
    ]
    assert told[0]["problem"] == "ValueError('api')"


def test_a_forgotten_version_means_a_new_list_that_tells_the_difference(
    wired: KubeClient, wire: Wire, bystander: Bystander, namespace: str, exports: str
) -> None:
    bystander.create(exports, an_export_in(namespace, "goes"))
    with Reflecting(wired, namespace, EXPORTS, Pace()) as reflecting:
        assert reflecting.next_key() == "goes"
        reflecting.wait_watching()
        wire.freeze()
        bystander.delete(f"{exports}/goes")
        bystander.create(exports, an_export_in(namespace, "comes"))
        reflecting.reflector._version = "1"

        wire.cut()

        assert {reflecting.next_key(), reflecting.next_key()} == {"goes", "comes"}
        bystander.create(exports, an_export_in(namespace, "later"))
        assert reflecting.next_key() == "later"


def test_a_connection_that_is_cut_is_replaced_and_nothing_is_missed(
    wired: KubeClient, wire: Wire, bystander: Bystander, namespace: str, exports: str
) -> None:
    with Reflecting(wired, namespace, EXPORTS, Pace()) as reflecting:
        for number in range(3):
            wire.cut()
            bystander.create(exports, an_export_in(namespace, f"web-{number}"))

            assert reflecting.next_key() == f"web-{number}"


def test_a_connection_that_is_half_open_is_noticed_by_its_silence(
    wired: KubeClient, wire: Wire, bystander: Bystander, namespace: str, exports: str
) -> None:
    with Reflecting(wired, namespace, EXPORTS, SOON) as reflecting:
        reflecting.wait_watching()
        wire.freeze()
        bystander.create(exports, an_export_in(namespace, "web"))

        assert reflecting.next_key() == "web"


def test_a_half_open_watch_can_be_stopped_at_once(wired: KubeClient, wire: Wire, namespace: str) -> None:
    with Reflecting(wired, namespace, EXPORTS, Pace()) as reflecting:
        reflecting.wait_watching()
        wire.freeze()

        reflecting.reflector.stop()

        assert not reflecting.reflector.is_alive  # a watch that is not woken is silent for minutes


def test_a_kind_that_is_not_served_is_waited_for_without_a_storm(client: KubeClient) -> None:
    interest = Interest("/apis/not.there/v1/things", export_seen, lambda seen: seen.key)
    calls, waits = Calls(client), []

    def wait(stopping: threading.Event, seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 4:
            stopping.set()

    chance = Chance(random=lambda: 0.5, monotonic=lambda: 0.0, wait=wait)
    reflector = Reflector(client, interest, changed=lambda _: None, chance=chance)

    reflector.run()

    assert isinstance(reflector.last_failure, RetryableError)
    assert "does not serve" in str(reflector.last_failure)
    assert not reflector.is_synced
    assert (waits, calls.lists, calls.watches) == ([0.1, 0.5, 1, 2], 4, 0)


def test_a_server_that_is_away_is_found_again(
    wired: KubeClient, wire: Wire, bystander: Bystander, namespace: str, exports: str
) -> None:
    with Reflecting(wired, namespace, EXPORTS, Pace()) as reflecting:
        wire.away()
        wire.cut()
        eventually("the failure is told", lambda: isinstance(reflecting.reflector.last_failure, UnreachableError))
        bystander.create(exports, an_export_in(namespace, "web"))
        wire.back()

        assert reflecting.next_key() == "web"
        eventually("the failure is forgotten", lambda: reflecting.reflector.last_failure is None)


def test_imported_slices_are_left_out_by_the_server_already(
    client: KubeClient, bystander: Bystander, namespace: str
) -> None:
    selector = "!multicluster.kubernetes.io/source-cluster"
    path = ENDPOINT_SLICES.within(namespace)
    interest = Interest(path, slice_seen, lambda seen: seen.key, selector=selector)
    body: dict[str, Any] = {"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"]}]}
    labels = {"kubernetes.io/service-name": "web"}
    foreign = labels | {"multicluster.kubernetes.io/source-cluster": "b"}
    bystander.create(path, body | {"metadata": {"name": "imported", "labels": foreign}})
    with Reflecting(client, namespace, interest, Pace()) as reflecting:
        for name in ("one", "two"):
            bystander.create(path, body | {"metadata": {"name": name, "labels": labels}})
            assert reflecting.next_key() == "web"

        held = reflecting.reflector.get(ServiceKey(namespace, "web"))
        assert [seen.slice.name for seen in held] == ["one", "two"]
