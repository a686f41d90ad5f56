"""The watcher on the real registry adapter, against the simulator over HTTP: what doubles cannot show."""

from collections.abc import Iterator
from typing import Any

import pytest

from cloudmap_mcs.clock import SystemClock
from cloudmap_mcs.cloudmap.identity import Identity
from cloudmap_mcs.cloudmap.reader import CloudMapReader
from cloudmap_mcs.cloudmap.registry import CloudMapRegistry
from cloudmap_mcs.domain.model import ClusterId, Gap, Record, ServiceKey
from cloudmap_mcs.domain.wellknown import ConditionType, Reason
from sandbox.cloudmap.client import SimulatorAdmin
from sandbox.cloudmap.server import RunningSimulator, start
from sandbox.cloudmap.settings import Settings, to_mapping
from tests.builders import KEY, a_slice, an_export
from tests.fakes.cloudmap import connected
from tests.fakes.time import until
from tests.watcher.world import Scene, joined

A = ClusterId("a")
KEYS = [ServiceKey("shop", f"s{number}") for number in range(5)]


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with start(seed=5) as running:
        SimulatorAdmin(running.url).change(**{**to_mapping(Settings()), "operation_delay": "10ms"})
        yield running


@pytest.fixture
def client(simulator: RunningSimulator) -> Iterator[Any]:
    with connected(simulator) as built:
        yield built


@pytest.fixture
def namespace(client: Any) -> str:
    operation = client.create_http_namespace(Name="mcs.prod")["OperationId"]
    until(lambda: client.get_operation(OperationId=operation)["Operation"]["Status"] == "SUCCESS")
    return str(client.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"])


@pytest.fixture
def scene(client: Any, namespace: str) -> Iterator[Scene]:
    scene = Scene()
    scene.clock.ms = SystemClock().now_ms()
    scene.registry = lambda who: CloudMapRegistry(
        client, namespace=namespace, accepted=(A,), identity=Identity(who.cluster, who.owner), may_write=lambda: True
    )
    yield scene
    scene.end()


@pytest.fixture
def reader(client: Any, namespace: str) -> CloudMapReader:
    return CloudMapReader(client, namespace=namespace, accepted=(A,))


def record(reader: CloudMapReader, key: ServiceKey = KEY) -> Record:
    found = reader.read(key, A, None)
    assert found
    return found


def test_exports_survive_a_restart_and_what_went_meanwhile_is_withdrawn(scene: Scene, reader: CloudMapReader) -> None:
    life = joined(scene.start())
    for key in KEYS:
        life.export(a_slice("10.0.0.1"), key=key)
    scene.bus.wait_for(5)
    until(lambda: reader.index().keys == frozenset(KEYS))
    assert life.stop() == 0
    before = {key: record(reader, key) for key in KEYS}
    assert before[KEYS[0]].content == an_export("a", key=KEYS[0], slices=[a_slice("10.0.0.1")])

    scene.cluster.unexport(KEYS[0])
    scene.clock.ms -= 3_600_000
    joined(scene.start())
    until(lambda: record(reader, KEYS[0]).content is Gap.UNEXPORTED)

    assert record(reader, KEYS[0]).generation > before[KEYS[0]].generation
    assert {key: record(reader, key) for key in KEYS[1:]} == {key: before[key] for key in KEYS[1:]}
    assert reader.index().keys == frozenset(KEYS)


def test_an_export_that_is_too_large_says_so_with_the_numbers(scene: Scene) -> None:
    scene.cluster.export(KEY)
    held = scene.cluster.offers[KEY]
    assert held.export
    labels = tuple((f"example.com/{number}", "x" * 63) for number in range(100))
    scene.cluster.offers[KEY] = type(held)(type(held.export)(KEY, "uid", 1, 1_000, labels), held.service, held.slices)
    joined(scene.start())
    until(lambda: scene.cluster.condition(ConditionType.READY))

    ready = scene.cluster.condition(ConditionType.READY)
    assert ready
    assert (ready.status, ready.reason) == (False, Reason.FAILED)
    assert "of at most 4,850 characters" in ready.message


def test_a_clone_is_kept_from_the_originals_entry_by_the_registry_itself(scene: Scene, reader: CloudMapReader) -> None:
    joined(scene.start()).stop()
    scene.home.uid = "uid-of-a-clone"
    scene.cluster.export()
    scene.start("two")
    until(lambda: scene.cluster.condition(ConditionType.READY))

    ready = scene.cluster.condition(ConditionType.READY)
    assert ready
    assert "uid-a" in ready.message
    assert [member.owner for member in reader.index().members] == ["uid-a"]
