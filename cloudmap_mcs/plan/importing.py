"""What one key should look like in one importing cluster, and the actions that bring it there.

KEP-1645, "Importing Services". The order is make before break: first the slices carry every port name that old and
new derived Service use, then the derived Service changes, then slices and ServiceImport follow. A removal goes the
other way round. `prepare` and `publish` are two steps because the clusterset IP is known only after the first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cloudmap_mcs.domain import names
from cloudmap_mcs.domain.freshness import floors
from cloudmap_mcs.domain.imports import (
    DerivedService,
    Hints,
    ImportedSlice,
    Managed,
    Note,
    Observed,
    Seen,
    ServiceImport,
)
from cloudmap_mcs.domain.merge import Conflict, Merged, merge, port_names
from cloudmap_mcs.domain.model import ClusterId, Export, Family, Port, Record, ServiceKey, ServiceType, Slice, family_of
from cloudmap_mcs.plan.actions import Action, Create, Delete, Replace, difference

_HINTS: Final = {"PreferClose": Hints.ZONE, "PreferSameZone": Hints.ZONE, "PreferSameNode": Hints.NODE}
"""Service trafficDistribution → hints. kube-proxy reads hints only, and nobody else writes them on our slices."""


@dataclass(frozen=True, slots=True)
class Desired:
    """What should be. `service` None: nothing, unless `is_unknown`: then everything stays as it is.

    `kept` are sources whose record is incomplete: they count as exporters and their slices stay as they are.
    `conflicts` is None where they cannot be known.
    """

    key: ServiceKey
    notes: tuple[Note, ...]
    service: ServiceImport | None = None
    slices: tuple[ImportedSlice, ...] = ()
    kept: frozenset[ClusterId] = frozenset()
    sources: tuple[ClusterId, ...] = ()
    conflicts: tuple[Conflict, ...] | None = None
    is_unknown: bool = False

    @property
    def is_removal(self) -> bool:
        return self.service is None and not self.is_unknown


def desired(own: ClusterId, key: ServiceKey, records: Sequence[Record], observed: Observed) -> Desired:
    """Derive what cluster `own` should hold of a key from all records of it; the order of records means nothing."""
    notes = tuple(sorted((_note(record) for record in records), key=lambda note: note.source))
    exporters = [record for record in records if record.is_exporter]
    offers = [record.offer for record in exporters if record.offer]
    if not exporters:
        return Desired(key, notes)
    is_whole = len(offers) == len(exporters)
    if not is_whole and observed.service_import:
        service, conflicts = _frozen(observed.service_import.value, observed), None
    elif offers:
        merged = merge(offers)
        service, conflicts = _service(key, merged), merged.conflicts if is_whole else None
    else:
        return Desired(key, notes, is_unknown=True)
    service = replace(service, notes=notes)
    return Desired(
        key=key,
        notes=notes,
        service=service,
        slices=tuple(_slices(own, service, exporters)),
        kept=frozenset(record.cluster for record in exporters if not isinstance(record.content, Export)),
        sources=tuple(sorted(record.cluster for record in exporters)),
        conflicts=conflicts,
    )


def _note(record: Record) -> Note:
    return Note(record.cluster, record.generation, record.service_id)


def _service(key: ServiceKey, merged: Merged) -> ServiceImport:
    return ServiceImport(
        key=key,
        type=merged.type,
        ports=merged.ports,
        ips=(),
        families=merged.families,
        traffic=merged.traffic,
        labels=merged.labels,
        annotations=merged.annotations,
    )


def _frozen(held: ServiceImport, observed: Observed) -> ServiceImport:
    """Keep an import as it is while one exporter's terms cannot be read: it may be the one that holds precedence."""
    asks = observed.derived.value.asks if observed.derived else frozenset(held.families)
    return replace(held, families=tuple(family for family in Family if family in asks))


def _slices(own: ClusterId, service: ServiceImport, exporters: Iterable[Record]) -> Iterable[ImportedSlice]:
    for record in exporters:
        if isinstance(record.content, Export):
            won = _won_ports(record.content, service)
            for item in record.content.slices:
                ports = tuple(
                    replace(port, name=won[port.name].name, app_protocol=won[port.name].app_protocol)
                    for port in item.ports
                    if port.name in won
                )
                # Endpoints of a headless Service without ports are found by name alone.
                has_place = ports or not item.ports or not record.content.ports
                if item.family in service.families and has_place:
                    yield _slice(service, record, replace(item, ports=ports), is_own=record.cluster == own)


def _won_ports(export: Export, service: ServiceImport) -> Mapping[str, Port]:
    """Map a cluster's port names to the merged ports whose traffic its endpoints get."""
    merged = {port.name: port for port in service.ports}
    return {before: merged[after] for before, after in port_names(export, service.ports).items()}


def _slice(service: ServiceImport, record: Record, item: Slice, *, is_own: bool) -> ImportedSlice:
    # A foreign node's name could equal one of ours, and kube-proxy would take its endpoints for local ones.
    endpoints = item.endpoints if is_own else tuple(replace(endpoint, node=None) for endpoint in item.endpoints)
    return ImportedSlice(
        key=service.key,
        name=names.imported_slice(service.key, record.cluster, item.name),
        source=record.cluster,
        source_slice=item.name,
        family=item.family,
        ports=tuple(sorted(item.ports, key=lambda port: port.name)),
        endpoints=endpoints,
        hints=_HINTS.get(service.traffic.distribution or "", Hints.NONE),
        generation=record.generation,
        service_id=record.service_id,
    )


def derived(want: ServiceImport, observed: Observed) -> DerivedService:
    """Derive the Service behind an import. One that has to be made again is asked for with its old addresses."""
    held = observed.service_import.value if observed.service_import else None
    is_kept = held is not None and held.type is want.type
    return DerivedService(
        key=want.key,
        name=names.derived_service(want.key),
        type=want.type,
        ports=want.ports,
        asks=frozenset(want.families),
        traffic=want.traffic,
        ips=tuple(ip for ip in held.ips if family_of(ip) in want.families) if held and is_kept else (),
    )


def prepare(goal: Desired, observed: Observed) -> tuple[Action[Managed], ...]:
    """Plan the first step: widen slices whose port names are about to go, then bring the derived Service."""
    if goal.service is None:
        return ()
    want = derived(goal.service, observed)
    seen = observed.derived
    if seen is None:
        return (Create(want),)
    if not _can_become(seen.value, want):
        return Delete(seen), Create(want)
    if seen.value == want:
        return ()
    return *_widened(goal, observed, seen.value.ports, want.ports), Replace(seen, want)


def _can_become(held: DerivedService, want: DerivedService) -> bool:
    """Tell whether a Service can be changed in place: clusterIP None and the primary family are immutable."""
    return held.type is want.type and (not held.families or held.families[0] in want.asks)


def _widened(
    goal: Desired, observed: Observed, before: Sequence[Port], after: Sequence[Port]
) -> Iterable[Action[Managed]]:
    leaving = {port.name for port in before} - {port.name for port in after}
    held = {seen.value.name: seen for seen in observed.slices}
    for item in goal.slices:
        seen = held.get(item.name)
        if seen and (old := tuple(port for port in seen.value.ports if port.name in leaving)):
            both = tuple(sorted((*item.ports, *old), key=lambda port: port.name))
            if seen.value != (wide := replace(item, ports=both)):
                yield Replace(seen, wide)


def publish(goal: Desired, observed: Observed) -> tuple[Action[Managed], ...]:
    """Plan the second step: slices, then the ServiceImport with the addresses of the derived Service; or removal."""
    if goal.is_unknown:
        return ()
    if goal.service is None:
        return _removal(observed)
    own_slices = [seen for seen in observed.slices if seen.value.source not in goal.kept]
    slices = difference(own_slices, {item.name: item for item in goal.slices}, lambda item: item.name, _differs)
    want = _addressed(goal.service, observed.derived)
    seen = observed.service_import
    if seen is None:
        return *slices, Create(want)
    if seen.value != want or _must_note(goal, observed, slices):
        return *slices, Replace(seen, want)
    return slices


def _addressed(service: ServiceImport, seen: Seen[DerivedService] | None) -> ServiceImport:
    if seen is None:
        return replace(service, ips=())
    ips = seen.value.ips if service.type is ServiceType.CLUSTER_SET_IP else ()
    return replace(service, ips=ips, families=seen.value.families)


def _differs(held: ImportedSlice, want: ImportedSlice) -> bool:
    """Compare values; a higher note than the source's own generation (it was rebuilt) must not stay either."""
    return held != want or held.generation > want.generation


def _must_note(goal: Desired, observed: Observed, slices: Sequence[Action[ImportedSlice]]) -> bool:
    """Tell whether a generation changed, or a source went, and the objects would remember it otherwise."""
    gone = {action.seen.value.name for action in slices if isinstance(action, Delete)}
    written = [action.value for action in slices if not isinstance(action, Delete)]
    fresh = {item.name for item in written}
    left = tuple(seen for seen in observed.slices if seen.value.name not in gone | fresh)
    after = floors(replace(observed, slices=(*left, *(Seen(item, "", "") for item in written))))
    noted: Mapping[ClusterId, Note] = {note.source: note for note in goal.notes}
    return after.keys() != noted.keys() or any(
        note.generation != after[source].generation for source, note in noted.items()
    )


def _removal(observed: Observed) -> tuple[Action[Managed], ...]:
    seen = (observed.service_import, *sorted(observed.slices, key=lambda item: item.value.name), observed.derived)
    return tuple(Delete(item) for item in seen if item)
