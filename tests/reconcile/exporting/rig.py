"""One exporting cluster and its registry, for the tests of this folder."""

from dataclasses import dataclass, field

import pytest

from cloudmap_mcs.domain.model import ClusterId, Record, ServiceKey
from cloudmap_mcs.domain.wellknown import ConditionType
from cloudmap_mcs.errors import (
    McsError,
    RetryableError,
)
from cloudmap_mcs.ports import ExportingCluster, RegistryWriter
from cloudmap_mcs.reconcile.exporting import Exported, Exporter
from cloudmap_mcs.reconcile.ledger import Ledger
from tests.builders import KEY, a_slice
from tests.fakes.clock import FixedClock
from tests.fakes.home import InMemoryHome
from tests.fakes.writing import Troubles, WritableRegistry

A = ClusterId("a")
READY, VALID = ConditionType.READY, ConditionType.VALID
AGAIN_MS = 600_000
FIRST, SECOND = [a_slice("10.0.0.1")], [a_slice("10.0.0.2")]
THROTTLED = RetryableError("too many calls")


@dataclass
class Rig:
    """One exporting cluster and its registry; `restart` forgets what a process would forget."""

    troubles: Troubles = field(default_factory=Troubles)
    clock: FixedClock = field(default_factory=FixedClock)

    def __post_init__(self) -> None:
        self.registry = WritableRegistry(before=self.troubles)
        self.home = InMemoryHome(before=self.troubles)
        self.restart()

    def restart(self) -> None:
        self.ledger = Ledger()
        home: ExportingCluster = self.home
        registry: RegistryWriter = self.registry
        self.exporter = Exporter(A, "uid-a", home, registry, self.clock, self.ledger, AGAIN_MS)

    def reconcile(self, key: ServiceKey = KEY) -> Exported:
        return self.exporter.reconcile(key)

    def fails(self, key: ServiceKey = KEY) -> McsError:
        with pytest.raises(McsError) as caught:
            self.reconcile(key)
        return caught.value

    def record(self, key: ServiceKey = KEY) -> Record | None:
        return next(iter(self.registry.truth(key)), None)

    def ready(self) -> tuple[bool | None, str, str]:
        found = self.home.condition(READY)
        assert found
        return found.status, found.reason, found.message
