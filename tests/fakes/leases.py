"""The Leases of a cluster: optimistic concurrency and nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from cloudmap_mcs.domain.imports import Seen
from cloudmap_mcs.errors import StaleError
from cloudmap_mcs.kube.home import Lease


@dataclass
class InMemoryLeases:
    before: Callable[[str], None] = lambda _: None
    held: Seen[Lease] | None = None
    versions: Iterator[int] = field(default_factory=lambda: count(1))

    def read_lease(self, namespace: str, name: str) -> Seen[Lease] | None:
        self.before(f"read {namespace}/{name}")
        return self.held

    def create_lease(self, namespace: str, name: str, lease: Lease) -> Seen[Lease]:
        self.before(f"create {namespace}/{name}")
        if self.held:
            raise StaleError("exists")
        return self._store(lease)

    def update_lease(self, seen: Seen[Lease], lease: Lease) -> Seen[Lease]:
        self.before("update")
        if self.held is None or self.held.version != seen.version:
            raise StaleError("changed")
        return self._store(lease)

    @property
    def holder(self) -> str:
        return self.held.value.holder if self.held else ""

    def _store(self, lease: Lease) -> Seen[Lease]:
        self.held = Seen(lease, "uid", str(next(self.versions)))
        return self.held
