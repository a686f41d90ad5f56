"""A whole watcher in this process: real threads, queue and Lease, over doubles of cluster, registry and bus."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any, cast

from cloudmap_mcs.domain.model import Record, ServiceKey, Slice
from cloudmap_mcs.domain.wellknown import PROPERTY_CLUSTER, PROPERTY_CLUSTERSET
from cloudmap_mcs.kube.home import HomeCluster
from cloudmap_mcs.ports import RegistryWriter
from cloudmap_mcs.settings import WatcherSettings
from cloudmap_mcs.watcher.appearing import Appearances
from cloudmap_mcs.watcher.identity import ClusterIdentity
from cloudmap_mcs.watcher.leading import Leadership
from cloudmap_mcs.watcher.running import Watcher, World
from cloudmap_mcs.watcher.sources import ReflectedCluster
from cloudmap_mcs.watcher.workqueue import WorkQueue
from tests.builders import KEY
from tests.fakes.announcer import InMemoryBus
from tests.fakes.clock import FixedClock
from tests.fakes.home import InMemoryHome
from tests.fakes.leases import InMemoryLeases
from tests.fakes.time import until
from tests.fakes.writing import Troubles, WritableRegistry

SETTINGS = WatcherSettings.from_env(
    {
        "MCS_CLUSTERSET": "prod",
        "MCS_MEMBERS": "a,b",
        "MCS_NAMESPACE_ID": "ns-1",
        "MCS_HUB_REGION": "eu-west-1",
        "MCS_BUS_ARN": "arn:aws:events:eu-west-1:123456789012:event-bus/cloudmap-mcs-prod",
        "KUBERNETES_SERVICE_HOST": "127.0.0.1",
        "POD_NAME": "one",
    }
)


@dataclass
class Part:
    """What the watcher looks at of a reflector."""

    home: InMemoryHome
    is_alive: bool = True
    is_synced: bool = True

    def keys(self) -> frozenset[ServiceKey]:
        return frozenset(key for key, offered in self.home.offers.items() if offered.export)


@dataclass
class Reflected(InMemoryHome):
    """Stands in for ReflectedCluster; `unsynced` says what has not been read yet; nobody waits for namespaces."""

    properties_held: dict[str, str] = field(default_factory=dict)
    unsynced: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.exports = self.properties = Part(self)
        self.reflectors = (self.exports,)

    @property
    def is_synced(self) -> bool:
        return not self.unsynced.keys() - {"namespaces"}

    def identity(self) -> dict[str, str]:
        return self.properties_held

    def start(self) -> None:
        """Nothing to start."""

    def stop(self) -> None:
        """Nothing to stop."""


@dataclass
class Uid:
    """Stands in for HomeCluster: the UID of kube-system."""

    uid: str = "uid-a"
    before: Any = lambda _: None

    def owner(self) -> str:
        self.before("owner")
        return self.uid


class Scene:
    """What outlives a watcher: its cluster, the registry and the bus. `start` begins another life."""

    def __init__(self) -> None:
        self.troubles = Troubles()
        self.clock = FixedClock()
        self.cluster = Reflected(before=self.troubles)
        self.cluster.properties_held = {PROPERTY_CLUSTER: "a", PROPERTY_CLUSTERSET: "prod"}
        self.home = Uid(before=self.troubles)
        self.leases = InMemoryLeases(before=self.troubles)
        self.memory = WritableRegistry(before=self.troubles)
        self.bus = InMemoryBus(before=self.troubles)
        self.registry: Any = lambda _: self.memory
        self.lives: list[Life] = []

    def start(self, pod: str = "one") -> "Life":
        life = Life(self, pod)
        self.lives.append(life)
        return life

    def end(self) -> None:
        for life in self.lives:
            life.stop()

    def record(self, key: ServiceKey = KEY) -> Record | None:
        return next((item for item in self.memory.truth(key) if item.cluster == "a"), None)


class Life:
    """One watcher process, as a thread."""

    def __init__(self, scene: Scene, pod: str) -> None:
        self.scene = scene
        self.queue: WorkQueue[ServiceKey] = WorkQueue(monotonic=time.monotonic, random=lambda: 1.0)
        self.identity_changed = threading.Event()
        self.appearances = Appearances(kept=SETTINGS.resync_seconds, monotonic=time.monotonic)
        self.leadership = Leadership(
            scene.leases, "cloudmap-mcs-system", pod, clock=scene.clock, monotonic=time.monotonic
        )
        world = World(
            settings=SETTINGS,
            home=cast("HomeCluster", scene.home),
            cluster=cast("ReflectedCluster", scene.cluster),
            identity_changed=self.identity_changed,
            appearances=self.appearances,
            leadership=self.leadership,
            registry=self._registry,
            announcer=scene.bus,
            formats=(1,),
            clock=scene.clock,
            monotonic=time.monotonic,
        )
        self.watcher = Watcher(world, self.queue)
        self.status: int | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _registry(self, who: ClusterIdentity) -> RegistryWriter:
        found: RegistryWriter = self.scene.registry(who)
        return found

    def _run(self) -> None:
        self.status = self.watcher.run()

    def export(self, *slices: Slice, key: ServiceKey = KEY) -> None:
        self.scene.cluster.export(key, slices=slices)
        self.queue.add(key)

    def unexport(self, key: ServiceKey = KEY) -> None:
        self.scene.cluster.unexport(key)
        self.queue.add(key)

    def changes_identity(self, **properties: str) -> None:
        names = {"cluster": PROPERTY_CLUSTER, "clusterset": PROPERTY_CLUSTERSET}
        self.scene.cluster.properties_held = {
            **self.scene.cluster.properties_held,
            **{names[name]: value for name, value in properties.items()},
        }
        self.identity_changed.set()

    def is_member(self) -> bool:
        return "workers" in self.watcher.liveness()

    def stop(self) -> int | None:
        self.watcher.stop()
        return self.end()

    def end(self) -> int | None:
        self.thread.join(30)
        assert not self.thread.is_alive()
        return self.status


def joined(life: Life) -> Life:
    until(life.is_member)
    return life
