"""A cluster whose writes are only imagined: a reconcile on it is a dry run."""

from dataclasses import dataclass
from typing import TypeVar

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.imports import ImportStatus, Managed, Observed, OwnExport, Seen, ServiceImport
from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.ports import Cluster

M = TypeVar("M", bound=Managed)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Reads like the cluster it wraps and answers writes as if they had succeeded."""

    cluster: Cluster

    def observe(self, key: ServiceKey) -> Observed:
        return self.cluster.observe(key)

    def create(self, value: M) -> Seen[M]:
        return Seen(value, "", "")

    def replace(self, seen: Seen[M], value: M) -> Seen[M]:
        return Seen(value, seen.uid, seen.version, seen.raw)

    def delete(self, seen: Seen[Managed]) -> None:
        """Leave it."""

    def write_status(self, seen: Seen[ServiceImport], status: ImportStatus) -> None:
        """Leave it."""

    def write_conflict(self, key: ServiceKey, export: OwnExport, condition: Condition) -> None:
        """Leave it."""

    def imports(self) -> frozenset[ServiceKey]:
        return self.cluster.imports()

    def exports(self) -> frozenset[ServiceKey]:
        return self.cluster.exports()
