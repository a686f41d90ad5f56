"""A registry that can be written: in memory, for one cluster, with `members` and the generations of the real one."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cloudmap_mcs.domain.model import ClusterId, Record, ServiceKey
from cloudmap_mcs.errors import IdentityError, StaleError
from cloudmap_mcs.ports import Member
from tests.fakes.registry import InMemoryRegistry

OWN = ClusterId("a")


@dataclass
class WritableRegistry(InMemoryRegistry):
    """`before` is called before every call with its name, and with "put done" once a record is written."""

    own: ClusterId = OWN
    owner: str = "uid-a"
    services: set[ServiceKey] = field(default_factory=set)

    def put(self, key: ServiceKey, record: Record) -> Record:
        self.before("put")
        held = self._of((key, self.own), 0)
        generation = max(record.generation, held.generation + 1 if held else 0)
        written = replace(record, generation=generation, owner=self.owner, service_id=f"srv-{key}")
        self.services.add(key)
        self.write(key, self.own, written)
        self.before("put done")
        return written

    def remove(self, key: ServiceKey, record: Record) -> None:
        self.before("remove")
        held = self._of((key, self.own), 0)
        if held and held.generation > record.generation:
            raise StaleError(f"{key}: a newer record is there")
        self.write(key, self.own, None)

    def confirm(self) -> bool:
        held = self.read_member(self.own)
        if held and held.owner != self.owner:
            raise IdentityError(f"members/{self.own} belongs to {held.owner}")
        return held is not None

    def put_member(self, member: Member, *, take_over: bool = False) -> None:
        self.before("put_member")
        if not take_over:
            self.confirm()
        self.members[member.cluster] = member

    def read_member(self, cluster: ClusterId) -> Member | None:
        self.before("read_member")
        return self.members.get(cluster)

    def keys(self) -> frozenset[ServiceKey]:
        self.before("keys")
        return frozenset(key for key in self.services if self.truth(key))

    def empty_services(self) -> frozenset[ServiceKey]:
        self.before("empty_services")
        return frozenset(key for key in self.services if not self.truth(key))

    def drop_empty(self, key: ServiceKey) -> bool:
        self.before("drop_empty")
        if self.truth(key):
            return False
        self.services.discard(key)
        return True


@dataclass
class Troubles:
    """Give an instance to a double as `before`: it counts the calls and raises what is laid out for them."""

    lasting: dict[str, Exception] = field(default_factory=dict)
    once: dict[str, Exception] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    then: Callable[[str], object] = lambda _: None

    def __call__(self, name: str) -> None:
        self.calls.append(name)
        self.then(name)
        if error := self.once.pop(name, None) or self.lasting.get(name):
            raise error

    def count(self, name: str) -> int:
        return self.calls.count(name)
