"""One importing cluster, one registry and the importer between them; every port call is counted and can be met."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from cloudmap_mcs.domain.imports import DerivedService, ImportedSlice, Managed, Observed, Seen, ServiceImport
from cloudmap_mcs.domain.model import ClusterId, Family, Record
from cloudmap_mcs.plan.importing import Desired, desired
from cloudmap_mcs.reconcile.applying import Applier
from cloudmap_mcs.reconcile.importing import Ask, Importer
from cloudmap_mcs.reconcile.outcome import Changed, Outcome
from tests.builders import KEY, MEMBERS
from tests.fakes.clock import FixedClock
from tests.fakes.cluster import InMemoryCluster, Name
from tests.fakes.registry import InMemoryRegistry

OWN = ClusterId("z")
WRITES = frozenset({"create", "replace", "delete", "write_status", "write_conflict"})


@dataclass
class Rig:
    """`then` maps the number of a call by its name ("discover 2") to what happens just before it."""

    families: tuple[Family, ...] = (Family.IPV4,)
    own: ClusterId = OWN
    members: frozenset[ClusterId] = MEMBERS
    calls: list[str] = field(default_factory=list)
    then: dict[str, Callable[[], object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = FixedClock(before=self._call)
        self.registry = InMemoryRegistry(before=self._call)
        self.cluster = InMemoryCluster(families=self.families, before=self._call)
        self.importer = Importer(self.own, self.cluster, self.registry, self.clock, self.members)

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if happening := self.then.pop(f"{name} {self.calls.count(name)}", None):
            happening()

    def register(self, *records: Record) -> None:
        for record in records:
            self.registry.write(KEY, record.cluster, record)

    def reconcile(self, ask: Ask | None = None) -> Outcome:
        """Reconcile with the counts of calls starting anew."""
        self.calls.clear()
        return self.importer.reconcile(KEY, ask or Ask())

    def holding(self, *records: Record) -> "Rig":
        """Bring the rig to hold what these records say, and forget how."""
        self.register(*records)
        self.reconcile()
        self.calls.clear()
        return self

    def bring(self, records: Iterable[Record]) -> list[Changed]:
        """Plan and apply once, without asking the registry; returns what was written."""
        observed = self.cluster.observe(KEY)
        written: list[Changed] = []
        Applier(self.own, self.cluster, self.clock, written.append).bring(self.goal(records), observed)
        return written

    def goal(self, records: Iterable[Record]) -> Desired:
        return desired(self.own, KEY, tuple(records), self.observed)

    @property
    def observed(self) -> Observed:
        before, self.cluster.before = self.cluster.before, lambda _: None
        observed = self.cluster.observe(KEY)
        self.cluster.before = before
        return observed

    @property
    def writes(self) -> Counter[str]:
        return Counter(call for call in self.calls if call in WRITES)

    @property
    def imports(self) -> list[ServiceImport]:
        return self.cluster.of_kind(ServiceImport, KEY)

    @property
    def services(self) -> list[DerivedService]:
        return self.cluster.of_kind(DerivedService, KEY)

    @property
    def slices(self) -> list[ImportedSlice]:
        return self.cluster.of_kind(ImportedSlice, KEY)

    @property
    def state(self) -> dict[Name, Seen[Managed]]:
        return dict(self.cluster.objects)
