"""An importing cluster in memory: objects with uid and version, optimistic concurrency, clusterset IPs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TypeVar

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.imports import (
    DerivedService,
    ImportStatus,
    Managed,
    NamespaceState,
    Observed,
    OwnExport,
    Seen,
    ServiceImport,
)
from cloudmap_mcs.domain.model import Family, ServiceKey, ServiceType, family_of
from cloudmap_mcs.errors import AddressTakenError, InvalidError, StaleError

M = TypeVar("M", bound=Managed)
Name = tuple[type, ServiceKey, str]


def name_of(value: Managed) -> Name:
    return type(value), value.key, value.key.name if isinstance(value, ServiceImport) else value.name


def _spec(value: Managed) -> Managed:
    """Leave out the metadata: an API server counts generations of the spec only."""
    return replace(value, labels=(), annotations=()) if isinstance(value, ServiceImport) else value


@dataclass
class InMemoryCluster:
    """`before` is called before every port call with its name: tests count, interrupt and interleave there.

    Several threads may call it: what is looked through is a copy.
    """

    families: tuple[Family, ...] = (Family.IPV4,)
    before: Callable[[str], None] = lambda _: None
    objects: dict[Name, Seen[Managed]] = field(default_factory=dict)
    statuses: dict[ServiceKey, ImportStatus] = field(default_factory=dict)
    own_exports: dict[ServiceKey, OwnExport] = field(default_factory=dict)
    namespaces: dict[str, NamespaceState] = field(default_factory=dict)
    foreign: set[ServiceKey] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def observe(self, key: ServiceKey) -> Observed:
        self.before("observe")
        mine = [seen for (_, owner, _), seen in self.objects.copy().items() if owner == key]
        observed = Observed(
            namespace=self.namespaces.get(key.namespace, NamespaceState.PRESENT),
            export=self.own_exports.get(key),
            is_foreign=key in self.foreign,
        )
        for seen in mine:
            observed = observed.holding(seen)
        return replace(observed, status=self.statuses.get(key) if observed.service_import else None)

    def create(self, value: M) -> Seen[M]:
        self.before("create")
        if self.namespaces.get(value.key.namespace, NamespaceState.PRESENT) is not NamespaceState.PRESENT:
            raise StaleError(f"namespace {value.key.namespace} is being terminated")
        if name_of(value) in self.objects:
            raise StaleError(f"{name_of(value)} exists")
        return self._store(value, f"uid-{next(self.numbers)}")

    def replace(self, seen: Seen[M], value: M) -> Seen[M]:
        self.before("replace")
        self._same(seen)
        return self._store(value, seen.uid, seen)

    def delete(self, seen: Seen[M]) -> None:
        self.before("delete")
        if name_of(seen.value) in self.objects:
            self._same(seen)
            del self.objects[name_of(seen.value)]

    def write_status(self, seen: Seen[ServiceImport], status: ImportStatus) -> None:
        self.before("write_status")
        self._same(seen)
        self.statuses[seen.value.key] = status

    def write_conflict(self, key: ServiceKey, export: OwnExport, condition: Condition | None) -> None:
        self.before("write_conflict")
        if key not in self.own_exports or self.own_exports[key].uid != export.uid:
            raise StaleError("the ServiceExport was recreated")
        self.own_exports[key] = replace(export, conflict=condition)

    def imports(self) -> frozenset[ServiceKey]:
        self.before("imports")
        return frozenset(key for _, key, _ in self.objects.copy())

    def of_kind(self, kind: type[M], key: ServiceKey) -> list[M]:
        found = [
            seen.value
            for (held, owner, _), seen in sorted(self.objects.items(), key=lambda item: item[0][2])
            if (held, owner) == (kind, key)
        ]
        return [value for value in found if isinstance(value, kind)]

    def _same(self, seen: Seen[Managed]) -> None:
        held = self.objects.get(name_of(seen.value))
        if held is None or (held.uid, held.version) != (seen.uid, seen.version):
            raise StaleError(f"{name_of(seen.value)} changed")

    def _store(self, value: M, uid: str, before: Seen[M] | None = None) -> Seen[M]:
        stored: Managed = self._served(value) if isinstance(value, DerivedService) else value
        generation = (before.generation if before else 0) + (not before or _spec(before.value) != _spec(value))
        seen: Seen[Managed] = Seen(stored, uid, str(next(self.numbers)), generation=generation)
        self.objects[name_of(value)] = seen
        return seen  # type: ignore[return-value]  # _served keeps the kind

    def _served(self, value: DerivedService) -> DerivedService:
        given = tuple(family for family in self.families if family in value.asks)
        if not given:
            raise InvalidError("families not configured on this cluster", families=True)
        held = self.objects.get(name_of(value))
        if held is None:
            return self._addressed(value, given, value.ips)
        before = held.value
        if not isinstance(before, DerivedService) or before.type is not value.type:
            raise InvalidError("spec.clusterIP: field is immutable")
        if before.families[0] not in given:
            raise InvalidError("spec.ipFamilies[0]: field is immutable", families=True)
        return self._addressed(value, given, before.ips)

    def _addressed(self, value: DerivedService, given: tuple[Family, ...], ips: tuple[str, ...]) -> DerivedService:
        """Keep or give an address per family; the family of the first address asked for or held is the primary."""
        if value.type is ServiceType.HEADLESS:
            return replace(value, families=given, ips=())
        if name_of(value) not in self.objects and self.taken & set(ips):
            raise AddressTakenError("provided IP is already allocated")
        asked = {family_of(ip): ip for ip in ips if family_of(ip) in given}
        families = tuple(sorted(given, key=lambda family: family not in list(asked)[:1]))
        fresh = {Family.IPV4: "10.0.0.", Family.IPV6: "fd00::"}
        return replace(
            value,
            families=families,
            ips=tuple(asked.get(family) or f"{fresh[family]}{next(self.numbers)}" for family in families),
        )
