"""The registry as an uninstall sees it: records by key and cluster, services and members. `before` meets every call."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.ports import Member


@dataclass
class RegistryInMemory:
    members: dict[ClusterId, Member] = field(default_factory=dict)
    records: set[tuple[ServiceKey, ClusterId]] = field(default_factory=set)
    services: set[ServiceKey] = field(default_factory=set)
    is_there: bool = True
    before: Callable[[str], object] = lambda _: None

    def exists(self) -> bool:
        self.before("exists")
        return self.is_there

    def read_member(self, cluster: ClusterId) -> Member | None:
        self.before("read_member")
        return self.members.get(cluster)

    def keys(self) -> frozenset[ServiceKey]:
        self.before("keys")
        return frozenset(key for key, _ in self.records)

    def clear(self, keys: Collection[ServiceKey], cluster: ClusterId) -> int:
        self.before("clear")
        found = {(key, cluster) for key in keys} & self.records
        self.records -= found
        return len(found)

    def empty_services(self) -> frozenset[ServiceKey]:
        self.before("empty_services")
        return frozenset(self.services - self.keys())

    def drop_empty(self, key: ServiceKey) -> bool:
        self.before("drop_empty")
        is_empty = key in self.empty_services()
        self.services -= {key} if is_empty else set()
        return is_empty

    def clear_member(self, cluster: ClusterId) -> None:
        self.before("clear_member")
        self.members.pop(cluster, None)
