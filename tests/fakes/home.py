"""The exporting cluster in memory: what a watcher sees of it, and the conditions that it writes there."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.model import Family, ServiceKey, Slice
from cloudmap_mcs.domain.offers import ExportSeen, ServiceKind, ServiceSeen
from cloudmap_mcs.domain.wellknown import ConditionType
from cloudmap_mcs.errors import StaleError
from cloudmap_mcs.ports import Offered
from tests.builders import HTTP, KEY


@dataclass
class InMemoryHome:
    """`before` is called before conditions are written. A written condition is seen at once."""

    before: Callable[[str], None] = lambda _: None
    offers: dict[ServiceKey, Offered] = field(default_factory=dict)
    writes: list[tuple[ServiceKey, tuple[Condition, ...]]] = field(default_factory=list)

    def offered(self, key: ServiceKey) -> Offered:
        return self.offers.get(key, Offered())

    def write_conditions(self, export: ExportSeen, conditions: Sequence[Condition]) -> None:
        self.before("write_conditions")
        held = self.offered(export.key)
        if held.export is None or held.export.uid != export.uid:
            raise StaleError(f"{export.key} went or was made anew")
        self.writes.append((export.key, tuple(conditions)))
        self.offers[export.key] = replace(held, export=replace(held.export, conditions=tuple(conditions)))

    def export(self, key: ServiceKey = KEY, *, slices: Iterable[Slice] = (), uid: str = "uid-1") -> None:
        """Have a Service and its ServiceExport; the conditions of the same ServiceExport stay."""
        held = self.offered(key).export
        conditions = held.conditions if held and held.uid == uid else ()
        self.offers[key] = Offered(an_export_seen(key, uid, conditions), a_service_seen(key), tuple(slices))

    def keep_only(self, keys: Iterable[ServiceKey]) -> None:
        self.offers = {key: self.offers[key] for key in keys}

    def unexport(self, key: ServiceKey = KEY) -> None:
        self.offers[key] = replace(self.offers[key], export=None)

    def delete_service(self, key: ServiceKey = KEY) -> None:
        self.offers[key] = replace(self.offers[key], service=None)

    def condition(self, kind: ConditionType, key: ServiceKey = KEY) -> Condition | None:
        export = self.offered(key).export
        return next((item for item in export.conditions if item.type is kind), None) if export else None


def an_export_seen(key: ServiceKey = KEY, uid: str = "uid-1", conditions: tuple[Condition, ...] = ()) -> ExportSeen:
    return ExportSeen(key, uid, generation=1, created=1_000, conditions=conditions)


def a_service_seen(key: ServiceKey = KEY, kind: ServiceKind = ServiceKind.CLUSTER_IP) -> ServiceSeen:
    return ServiceSeen(key, kind, is_headless=False, ports=(HTTP,), families=(Family.IPV4,))
