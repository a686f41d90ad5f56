"""A simulator, the client that production builds, and watchers that are connected to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cloudmap_mcs.cloudmap.identity import Identity
from cloudmap_mcs.cloudmap.registry import CloudMapRegistry
from cloudmap_mcs.domain.model import ClusterId
from sandbox.cloudmap.client import SimulatorAdmin
from sandbox.cloudmap.server import RunningSimulator, start
from tests.contract.registry.setting import DEFAULTS, A, Ahead, B, Connect, a_member, a_namespace
from tests.fakes.cloudmap import connected


@pytest.fixture(scope="module")
def clock() -> Ahead:
    return Ahead()


@pytest.fixture(scope="module")
def simulator(clock: Ahead) -> Iterator[RunningSimulator]:
    with start(seed=3, clock=clock) as running:
        yield running


@pytest.fixture(scope="module")
def client(simulator: RunningSimulator) -> Iterator[Any]:
    """The client that production builds, pointed at the simulator by botocore's own variables."""
    with connected(simulator) as built:
        yield built


@pytest.fixture
def admin(simulator: RunningSimulator) -> SimulatorAdmin:
    found = SimulatorAdmin(simulator.url)
    found.change(**DEFAULTS)
    return found


@pytest.fixture(autouse=True)
def _empty(admin: SimulatorAdmin) -> None:
    admin.reset()


@pytest.fixture
def namespace(client: Any) -> str:
    return a_namespace(client, "mcs.demo")


@pytest.fixture
def connect(client: Any, namespace: str) -> Connect:
    """Connect one cluster's watcher, its identity confirmed unless told otherwise."""

    def connect(
        cluster: ClusterId = A, owner: str = "", *, confirmed: bool = True, may_write: Callable[[], bool] = lambda: True
    ) -> CloudMapRegistry:
        identity = Identity(cluster, owner or f"uid-{cluster}")
        registry = CloudMapRegistry(
            client, namespace=namespace, accepted=(A, B), identity=identity, may_write=may_write
        )
        if confirmed:
            registry.put_member(a_member(cluster, identity.owner))
        return registry

    return connect
