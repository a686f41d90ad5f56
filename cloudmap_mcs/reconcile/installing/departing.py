"""Take a cluster out of the registry, after its watcher: every record of it, its entry, and what is empty then."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Protocol

from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.errors import MalformedRecordError
from cloudmap_mcs.ports import Member
from cloudmap_mcs.reconcile.installing.patience import Patience

_SERVICES_AT_ONCE: Final = 20
ALIVE_SECONDS: Final = 360
"""A watcher writes its entry at least every five minutes (`watcher.membership`): after so long it is not alive."""
_LOOK_SECONDS: Final = 10.0
_NO_NAMESPACE: Final = (
    "its records in Cloud Map were not looked for: the namespace is gone, or not shared with this account any more; "
    "importers ignore clusters that are no members"
)


class RegistryClearer(Protocol):
    """What an uninstall asks of Cloud Map, for a cluster whose watcher is gone. Calls return when it is done."""

    def exists(self) -> bool:
        """Say whether the clusterset's namespace is there, and shared with us if it is another account's (still)."""
        ...

    def read_member(self, cluster: ClusterId) -> Member | None:
        """Ask the control plane whose entry `members/<cluster>` is; nothing is made for it."""
        ...

    def keys(self) -> frozenset[ServiceKey]:
        """List the keys whose Cloud Map service holds any instance, whoever wrote it."""
        ...

    def clear(self, keys: Collection[ServiceKey], cluster: ClusterId) -> int:
        """Deregister all that bears our format and this cluster's id in the services of some keys; say how much."""
        ...

    def empty_services(self) -> frozenset[ServiceKey]:
        """List the keys whose Cloud Map service holds no instance at all."""
        ...

    def drop_empty(self, key: ServiceKey) -> bool:
        """Delete a key's Cloud Map service if it is empty; False if it is not. Being gone already is success."""
        ...

    def clear_member(self, cluster: ClusterId) -> None:
        """Deregister a cluster's entry in `members` and its parts; not being there is success."""
        ...


@dataclass(frozen=True, slots=True)
class Departed:
    """How many instances went, and what a person should know."""

    instances: int = 0
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Departer:
    """Removes what one cluster left in Cloud Map. A run that ended half-way is simply run again."""

    registry: RegistryClearer
    patience: Patience

    def depart(self, cluster: ClusterId, owner: str | None) -> Departed:
        """Remove all of a cluster, its entry in `members` last. `owner` is its UID, None if the cluster is gone.

        Nothing is removed where another cluster has this id now: the entry says so, or is still being written although
        the cluster is gone. Without an entry the records are nobody else's: whoever joins writes its entry first.
        OutOfTimeError says what is left.
        """
        if not self.registry.exists():
            return Departed(told=(_NO_NAMESPACE,))
        if stranger := self._stranger(cluster, owner):
            return Departed(told=(f"its records in Cloud Map were left alone: {stranger}",))
        count, keys = 0, sorted(self.registry.keys())
        for begin in range(0, len(keys), _SERVICES_AT_ONCE):
            self.patience.check(f"the records of {cluster} in {len(keys) - begin} Cloud Map services are to be removed")
            count += self.registry.clear(keys[begin : begin + _SERVICES_AT_ONCE], cluster)
        for key in sorted(self.registry.empty_services()):
            self.patience.check(f"empty Cloud Map services are to be removed, next is that of {key}")
            self.registry.drop_empty(key)
        self.patience.check(f"the entry of {cluster} in the service members is to be removed")
        self.registry.clear_member(cluster)
        return Departed(count)

    def _stranger(self, cluster: ClusterId, owner: str | None) -> str:
        """Say why the records may be another cluster's; empty if they are this one's."""
        try:
            entry = self.registry.read_member(cluster)
            if entry is not None and owner is None:
                return self._heir(entry)
        except MalformedRecordError as error:
            return f"the entry of {cluster} in the service members cannot be read: {error}"
        if entry is None or entry.owner == owner:
            return ""
        return f"the id {cluster} belongs to the cluster with kube-system UID {entry.owner}, this one is {owner}"

    def _heir(self, entry: Member) -> str:
        """Say who has taken over the id of a cluster that is gone; wait until it is clear that nobody has."""
        clock = self.patience.clock
        written = min(entry.heartbeat * 1000, clock.now_ms())  # its clock may be ahead of ours
        while clock.now_ms() < written + ALIVE_SECONDS * 1000:
            self.patience.pause(_LOOK_SECONDS, f"whether another cluster has the id {entry.cluster} is not clear yet")
            now = self.registry.read_member(entry.cluster)
            if now is not None and (now.owner, now.heartbeat) != (entry.owner, entry.heartbeat):
                return f"a watcher still writes for the id {entry.cluster}, with kube-system UID {now.owner}"
        return ""
