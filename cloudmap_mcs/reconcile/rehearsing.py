"""A cluster whose writes are only imagined: a reconcile on it is a dry run."""

from dataclasses import dataclass, field, replace
from typing import TypeVar

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.imports import ImportStatus, Managed, Observed, OwnExport, Seen, ServiceImport
from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.ports import Cluster

M = TypeVar("M", bound=Managed)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Reads like the cluster it wraps, answers writes as if they had succeeded, and remembers them for a later look.

    `imagined` is what each key would look like; one rehearsal serves one reconcile of a key.
    """

    cluster: Cluster
    imagined: dict[ServiceKey, Observed] = field(default_factory=dict)

    def observe(self, key: ServiceKey) -> Observed:
        if key not in self.imagined:
            self.imagined[key] = self.cluster.observe(key)
        return self.imagined[key]

    def create(self, value: M) -> Seen[M]:
        return self._held(Seen(value, "", "", generation=1))

    def replace(self, seen: Seen[M], value: M) -> Seen[M]:
        generation = seen.generation + (_spec(seen.value) != _spec(value))
        return self._held(Seen(value, seen.uid, seen.version, seen.raw, generation))

    def delete(self, seen: Seen[Managed]) -> None:
        key = seen.value.key
        self.imagined[key] = self.imagined[key].without(seen)

    def write_status(self, seen: Seen[ServiceImport], status: ImportStatus) -> None:
        key = seen.value.key
        self.imagined[key] = replace(self.imagined[key], status=status)

    def write_conflict(self, key: ServiceKey, export: OwnExport, condition: Condition | None) -> None:
        self.imagined[key] = replace(self.imagined[key], export=replace(export, conflict=condition))

    def imports(self) -> frozenset[ServiceKey]:
        return self.cluster.imports()

    def _held(self, seen: Seen[M]) -> Seen[M]:
        key = seen.value.key
        self.imagined[key] = self.imagined[key].holding(seen)
        return seen


def _spec(value: Managed) -> Managed:
    """Leave out the metadata: an API server counts generations of the spec only."""
    return replace(value, labels=(), annotations=()) if isinstance(value, ServiceImport) else value
