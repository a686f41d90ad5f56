"""Many clusters' Exports of one key become one service; every disagreement is collected.

KEP-1645, "Conflict resolution policy": exports are ordered by the creation time of their ServiceExport, the oldest
wins, and a conflict is reported on every constituent export.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from cloudmap_mcs.domain.carried import annotations_taken, labels_taken
from cloudmap_mcs.domain.imports import Traffic
from cloudmap_mcs.domain.model import ClusterId, Export, Family, Pairs, Port, ServiceKey, ServiceType
from cloudmap_mcs.domain.wellknown import Reason

_SAME_DISTRIBUTION: Final = {"PreferClose": "PreferSameZone"}
"""trafficDistribution values that Kubernetes documents as meaning the same."""


_SHOWN: Final = 256
"""Characters of a value that a message shows: annotations can be longer than a whole condition."""


@dataclass(frozen=True, slots=True)
class Loser:
    """A cluster whose value of a field does not hold, and that value."""

    cluster: ClusterId
    value: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """One disagreement about one field: whose value holds and whose do not."""

    reason: Reason
    field: str
    held: str
    holder: ClusterId
    losers: tuple[Loser, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One row of the merge table: how a field is read, named and compared. The oldest export's value holds."""

    name: str
    reason: Reason
    read: Callable[[Export], Any]
    same: Callable[[Any], Any] = lambda value: value


FIELDS: Final = (
    Field("type", Reason.TYPE_CONFLICT, lambda export: export.type),
    Field("sessionAffinity", Reason.SESSION_AFFINITY_CONFLICT, lambda export: export.affinity),
    Field(
        "sessionAffinityConfig",
        Reason.SESSION_AFFINITY_CONFIG_CONFLICT,
        lambda export: export.affinity_timeout,
    ),
    Field(
        "internalTrafficPolicy",
        Reason.INTERNAL_TRAFFIC_POLICY_CONFLICT,
        lambda export: export.internal_traffic_policy,
        lambda policy: policy or "Cluster",
    ),
    Field(
        "trafficDistribution",
        Reason.TRAFFIC_DISTRIBUTION_CONFLICT,
        lambda export: export.traffic_distribution,
        lambda value: _SAME_DISTRIBUTION.get(value, value),
    ),
    Field("exportedLabels", Reason.LABELS_CONFLICT, lambda export: export.labels),
    Field("exportedAnnotations", Reason.ANNOTATIONS_CONFLICT, lambda export: export.annotations),
)
"""Fields of which one value holds for the whole clusterset; ports and IP families have rules of their own below."""


@dataclass(frozen=True, slots=True)
class Merged:
    """One service as the whole clusterset sees it. `sources` are oldest first; `ports` in the order they were won."""

    key: ServiceKey
    type: ServiceType
    ports: tuple[Port, ...]
    families: tuple[Family, ...]
    traffic: Traffic
    labels: Pairs
    annotations: Pairs
    sources: tuple[ClusterId, ...]
    conflicts: tuple[Conflict, ...]


def merge(exports: Iterable[Export]) -> Merged:
    """Merge at least one Export of one key. The result does not depend on their order."""
    ordered = sorted(exports, key=lambda export: export.precedence)
    oldest = ordered[0]
    ports, port_conflicts = merge_ports(ordered)
    families, family_conflicts = merge_families(ordered)
    field_conflicts = [conflict for row in FIELDS if (conflict := _disagreement(row, ordered))]
    return Merged(
        key=oldest.key,
        type=oldest.type,
        ports=ports,
        families=families,
        traffic=Traffic(
            oldest.affinity, oldest.affinity_timeout, oldest.internal_traffic_policy, oldest.traffic_distribution
        ),
        labels=labels_taken(oldest.labels),
        annotations=annotations_taken(oldest.annotations),
        sources=tuple(export.cluster for export in ordered),
        conflicts=(*port_conflicts, *family_conflicts, *field_conflicts),
    )


def _disagreement(row: Field, ordered: Sequence[Export]) -> Conflict | None:
    oldest = ordered[0]
    held = row.same(row.read(oldest))
    losers = tuple(
        Loser(export.cluster, _shown(row.read(export))) for export in ordered[1:] if row.same(row.read(export)) != held
    )
    return Conflict(row.reason, row.name, _shown(row.read(oldest)), oldest.cluster, losers) if losers else None


def merge_ports(ordered: Sequence[Export]) -> tuple[tuple[Port, ...], tuple[Conflict, ...]]:
    """Unite ports: names are unique and so are (number, protocol); the oldest definition wins.

    KEP-1645, "Service Port": any port set that is not identical to the oldest export's is a conflict, a superset too.
    """
    united: list[Port] = []
    for export in ordered:
        for port in export.ports:
            if not any(port.name == won.name or port.transport == won.transport for won in united):
                united.append(port)
    oldest = ordered[0]
    losers = tuple(
        Loser(export.cluster, _shown(export.ports))
        for export in ordered[1:]
        if frozenset(export.ports) != frozenset(oldest.ports)
    )
    ports = _named(united)
    if not losers:
        return ports, ()
    return ports, (Conflict(Reason.PORT_CONFLICT, "ports", _shown(oldest.ports), oldest.cluster, losers),)


def _named(ports: Sequence[Port]) -> tuple[Port, ...]:
    """Name a port that needs no name in its own cluster but has company here: among several, Kubernetes wants names."""
    if len(ports) == 1:
        return tuple(ports)
    taken = {port.name for port in ports}
    return tuple(port if port.name else replace(port, name=_free_name(port, taken)) for port in ports)


def _free_name(port: Port, taken: Collection[str]) -> str:
    wanted = f"{port.protocol.lower()}-{port.number}"
    choices = (wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 2)))
    return next(name for name in choices if name not in taken)


def merge_families(ordered: Sequence[Export]) -> tuple[tuple[Family, ...], tuple[Conflict, ...]]:
    """Intersect IP families in the oldest export's order, so that every family reaches every backend.

    KEP-1645 leaves the rule open and wants a conflict where some backends cannot be reached. That is a cluster that
    has none of the families left by its elders: it takes no part in the rest. More families than others is none.
    """
    oldest = ordered[0]
    common = _families(oldest)
    losers: list[Loser] = []
    for export in ordered[1:]:
        if shared := tuple(family for family in common if family in _families(export)):
            common = shared
        else:
            losers.append(Loser(export.cluster, _shown(export.families)))
    if not losers:
        return common, ()
    # The message calls this the oldest export's value, which may have had more.
    had = _families(oldest)
    held = _shown(common) if common == had else f"{_shown(common)} (what others leave of {_shown(had)})"
    return common, (Conflict(Reason.IP_FAMILY_CONFLICT, "ipFamilies", held, oldest.cluster, tuple(losers)),)


def _families(export: Export) -> tuple[Family, ...]:
    """Give an export's families; one that names none leaves the choice to the others."""
    return export.families or tuple(Family)


def port_names(export: Export, merged: Sequence[Port]) -> dict[str, str]:
    """Map this cluster's port names to the merged ones; a port that lost its conflict is not in the map.

    A slice's port reaches the derived Service's by name. Same number and protocol under another name is renamed; the
    same name with another number or protocol must not get traffic meant for the winner.
    """
    by_transport = {port.transport: port.name for port in merged}
    return {port.name: by_transport[port.transport] for port in export.ports if port.transport in by_transport}


def _shown(value: object) -> str:
    text = _text(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _text(value: object) -> str:
    if isinstance(value, Port):
        app_protocol = f" ({value.app_protocol})" if value.app_protocol else ""
        return f"{value.name or '(unnamed)'} {value.number}/{value.protocol}{app_protocol}"
    if isinstance(value, tuple):
        return ", ".join("=".join(item) if isinstance(item, tuple) else _text(item) for item in value) or "none"
    return "not set" if value is None else str(value)
