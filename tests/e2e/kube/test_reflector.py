"""The reflector on a real API server, and on the networks between."""

import queue
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Self

import pytest

from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.domain.offers import ExportSeen
from cloudmap_mcs.errors import RetryableError, UnreachableError
from cloudmap_mcs.kube.access import ApiServer, ClientCertificate, FixedServer
from cloudmap_mcs.kube.client import Identity, KubeClient
from cloudmap_mcs.kube.exports import export_seen, slice_seen
from cloudmap_mcs.kube.reflector import Chance, Interest, Pace, Reflector
from cloudmap_mcs.kube.resources import ENDPOINT_SLICES, SERVICE_EXPORTS
from sandbox.controlplane.client import KubeClient as Bystander
from tests.e2e.kube.lab import MCS, an_export_in, eventually
from tests.e2e.kube.wire import Wire

pytestmark = pytest.mark.e2e

CHANCE = Chance(random=random.SystemRandom().random, monotonic=time.monotonic)
EXPORTS = Interest(SERVICE_EXPORTS.everywhere, export_seen, lambda seen: seen.key)
SOON = Pace(watch=1, jitter=0, grace=0.5)


class Reflecting:
    """A reflector, and the keys that it said changed."""

    def __init__(self, client: KubeClient, namespace: str, interest: Interest[Any, Any], pace: Pace) -> None:
        self.keys: queue.Queue[ServiceKey] = queue.Queue()
        within = replace(interest, path=interest.path.replace("/v1beta1/", f"/v1beta1/namespaces/{namespace}/"))
        self.reflector = Reflector(client, within, changed=self.keys.put, chance=CHANCE, pace=pace)

    def __enter__(self) -> Self:
        self.reflector.start()
        assert self.reflector.wait_synced(30)
        return self

    def __exit__(self, *_: object) -> None:
        self.reflector.stop()
        assert not self.reflector.is_alive

    def wait_watching(self) -> None:
        eventually(lambda: self.reflector._stream is not None, "no watch is open")

    def next_key(self) -> str:
        return self.keys.get(timeout=30).name


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
    with Reflecting(client, namespace, EXPORTS, SOON) as reflecting:
        for number in range(6):
            time.sleep(0.5)
            bystander.create(exports, an_export_in(namespace, f"web-{number}"))
            assert reflecting.next_key() == f"web-{number}"

        assert reflecting.reflector.last_sync_age > 2.5
        assert reflecting.reflector.last_event_age < 2
        assert reflecting.keys.empty()


def test_the_safety_net_lists_again_in_between(client: KubeClient, namespace: str) -> None:
    with Reflecting(client, namespace, EXPORTS, replace(SOON, relist=0.5)) as reflecting:
        time.sleep(3.5)

        assert reflecting.reflector.last_sync_age < 2.6


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
        began = time.monotonic()

        reflecting.reflector.stop()

        assert time.monotonic() - began < 9  # the read timeout of an ordinary call would be 10


def test_a_kind_that_is_not_served_is_waited_for_without_a_storm(client: KubeClient) -> None:
    interest = Interest("/apis/not.there/v1/things", export_seen, lambda seen: seen.key)
    reflector = Reflector(client, interest, changed=lambda _: None, chance=Chance(lambda: 0.999, time.monotonic))
    reflector.start()

    eventually(lambda: isinstance(reflector.last_failure, RetryableError), "no failure is told")
    assert not reflector.wait_synced(1)
    reflector.stop()

    assert "does not serve" in str(reflector.last_failure)


def test_a_server_that_is_away_is_found_again(
    wired: KubeClient, wire: Wire, bystander: Bystander, namespace: str, exports: str
) -> None:
    with Reflecting(wired, namespace, EXPORTS, Pace()) as reflecting:
        wire.away()
        wire.cut()
        eventually(lambda: isinstance(reflecting.reflector.last_failure, UnreachableError), "no failure is told")
        bystander.create(exports, an_export_in(namespace, "web"))
        wire.back()

        assert reflecting.next_key() == "web"
        eventually(lambda: reflecting.reflector.last_failure is None, "the failure is not forgotten")


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
