"""Taking a cluster out of the registry once its watcher is gone: its records, its entry, and empty services."""

from collections.abc import Collection
from typing import Any

from cloudmap_mcs.cloudmap import instances
from cloudmap_mcs.cloudmap.instances import Address, Instance
from cloudmap_mcs.cloudmap.operations import Operations
from cloudmap_mcs.cloudmap.reader import CloudMapReader
from cloudmap_mcs.cloudmap.timing import Timer
from cloudmap_mcs.cloudmap.translation import DeniedError, NamespaceGoneError, ServiceGoneError
from cloudmap_mcs.domain import names
from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.ports import Member


class CloudMapClearer(CloudMapReader):
    """A `RegistryClearer` of `reconcile.installing.departing`, within the same share of the rates as a watcher."""

    def __init__(
        self, client: Any, *, namespace: str, accepted: Collection[ClusterId], timer: Timer | None = None
    ) -> None:
        super().__init__(client, namespace=namespace, accepted=accepted, timer=timer)
        # Nobody else writes for a cluster whose watcher is gone, so there is no leave to be asked for.
        self._operations = Operations(self._calls, self._timer, self._services.account, may_write=lambda: True)

    def exists(self) -> bool:
        try:
            self._services.namespace()
        except NamespaceGoneError:
            return False
        except DeniedError:
            if self._services.account is None:
                raise
            return False
        return True

    def read_member(self, cluster: ClusterId) -> Member | None:
        service_id = self._services.find(names.MEMBERS)
        try:
            return self._read_member(service_id, cluster) if service_id else None
        except ServiceGoneError:
            return None

    def clear(self, keys: Collection[ServiceKey], cluster: ClusterId) -> int:
        return self._clear([names.cloud_map_service(key) for key in sorted(keys)], cluster)

    def clear_member(self, cluster: ClusterId) -> None:
        self._clear([names.MEMBERS], cluster)

    def drop_empty(self, key: ServiceKey) -> bool:
        name = names.cloud_map_service(key)
        service_id = self._services.find(name)
        if service_id is None:
            return True
        is_gone = self._services.delete(service_id)
        if is_gone:
            self._services.forget(name, service_id)
        return is_gone

    def _clear(self, services: Collection[str], cluster: ClusterId) -> int:
        """Deregister side by side, every head before any part: a reader must not find a head without its parts."""
        heads: list[tuple[str, str]] = []
        parts: list[tuple[str, str]] = []
        for name in services:
            service_id = self._services.find(name)
            for found in self._held(service_id, cluster) if service_id else ():
                (heads if found.id == cluster else parts).append((self._services.reference(service_id or ""), found.id))
        self._operations.deregister_across(heads)
        self._operations.deregister_across(parts)
        return len(heads) + len(parts)

    def _held(self, service_id: str, cluster: ClusterId) -> list[Instance]:
        try:
            return [found for found in self._services.instances(service_id) if _is_of(found, cluster)]
        except ServiceGoneError:
            return []


def _is_of(found: Instance, cluster: ClusterId) -> bool:
    part = Address.of_part(found.id)
    return instances.is_ours(found) and (found.id == cluster or (part is not None and part.cluster == cluster))
