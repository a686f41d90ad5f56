"""The whole registry: what a watcher uses to publish its cluster's records."""

import threading
import weakref
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, TypeVar

from cloudmap_mcs.cloudmap import instances, members, records
from cloudmap_mcs.cloudmap.identity import Guard, Identity
from cloudmap_mcs.cloudmap.instances import Encoded
from cloudmap_mcs.cloudmap.operations import Operations
from cloudmap_mcs.cloudmap.publishing import Held, publish, withdraw
from cloudmap_mcs.cloudmap.reader import CloudMapReader
from cloudmap_mcs.cloudmap.services import Remembered
from cloudmap_mcs.cloudmap.translation import ServiceGoneError
from cloudmap_mcs.domain import names
from cloudmap_mcs.domain.model import ClusterId, Gap, Record, ServiceKey
from cloudmap_mcs.errors import MalformedRecordError, StaleError
from cloudmap_mcs.ports import Member

_TRIES: Final = 3
_MS: Final = 1_000

T = TypeVar("T")


class CloudMapRegistry(CloudMapReader):
    """A `ports.RegistryWriter` for one cluster. Threads may share it: writes of one service wait for each other.

    `may_write` is asked immediately before every RegisterInstance and DeregisterInstance; where it says no, the write
    ends there with a RetryableError.
    """

    def __init__(
        self,
        client: Any,
        *,
        namespace: str,
        accepted: Collection[ClusterId],
        identity: Identity,
        may_write: Callable[[], bool],
    ) -> None:
        super().__init__(client, namespace=namespace, accepted=accepted)
        self._own = identity
        self._guard = Guard(identity, may_write)
        self._operations = Operations(self._calls, self._timer, self._services.account, may_write=self._guard.may_write)
        self._held: Remembered[str, Held] = Remembered()
        self._locks: weakref.WeakValueDictionary[str, _Lock] = weakref.WeakValueDictionary()
        self._locks_lock = threading.Lock()

    def put(self, key: ServiceKey, record: Record) -> Record:
        self._guard.require()
        self._guard.require_own(record.cluster, record.owner or self._own.owner)
        name = names.cloud_map_service(key)
        with self._alone(name):
            if self._services.known_id(name) is None:
                records.encode(key, record)  # no service is made for what cannot fit
            return self._in_service(name, lambda service_id, is_new: self._put(service_id, is_new, key, record))

    def _put(self, service_id: str, is_new: bool, key: ServiceKey, record: Record) -> Record:
        held = Held() if is_new else self._look(service_id, records.BODY)
        generation = max(record.generation, held.generation + 1)
        written = replace(record, generation=generation, owner=self._own.owner, service_id=service_id)
        self._publish(service_id, held, records.encode(key, written, held.reusable))
        return written

    def _publish(self, service_id: str, held: Held, encoded: Encoded) -> None:
        # Until it is acknowledged nothing is known of what the service holds, so a failure makes the next write look.
        self._held.forget(service_id)
        self._held.put(service_id, publish(self._operations, self._services.reference(service_id), held, encoded))

    def remove(self, key: ServiceKey, record: Record) -> None:
        self._guard.require()
        self._guard.require_own(record.cluster, record.owner or self._own.owner)
        name = names.cloud_map_service(key)
        with self._alone(name):
            service_id = record.service_id or self._services.known_id(name)
            if service_id is None:
                return
            try:
                held = self._look(service_id, records.BODY)
                if held.generation > record.generation:
                    raise StaleError(f"{key} of {record.cluster}: a newer record than the one to remove is there")
                self._held.forget(service_id)
                withdraw(self._operations, self._services.reference(service_id), held, record.cluster)
            except ServiceGoneError:
                self._services.forget(name, service_id)

    def read(self, key: ServiceKey, cluster: ClusterId, service_id: str | None) -> Record | None:
        """As for readers; but this cluster's own record that does not parse is INCOMPLETE: to be written anew.

        The data plane's having nothing is no proof for an own record, since a watcher may ask just after it was
        restarted: then the service is looked up in the control plane.
        """
        if cluster != self._own.cluster:
            return super().read(key, cluster, service_id)
        return self._ask(key, cluster, self._own_candidates(key, service_id))

    def _own_candidates(self, key: ServiceKey, service_id: str | None) -> Iterator[str]:
        tried = set()
        for candidate in self._candidates(key, service_id):
            tried.add(candidate)
            yield candidate
        found = self._services.find(names.cloud_map_service(key))
        if found and found not in tried:
            yield found

    def _read_from(self, service_id: str, key: ServiceKey, cluster: ClusterId) -> Record | None:
        if cluster != self._own.cluster:
            return super()._read_from(service_id, key, cluster)
        head = self._get(service_id, cluster)
        try:
            record = None if head is None else self._decoded(service_id, key, head)
        except MalformedRecordError:
            record = Record(cluster, 0, Gap.INCOMPLETE, owner=self._own.owner, service_id=service_id)
        held = self._held.get(service_id)
        if held and not (held.agrees(head) and (record is None or record.content is not Gap.INCOMPLETE)):
            self._held.forget(service_id)  # somebody else was at it: the next write looks at all that is there
        return record

    def confirm(self) -> bool:
        return self._guard.looked(self._in_service(names.MEMBERS, lambda service_id, _: self._owner_in(service_id)))

    def _owner_in(self, service_id: str) -> str | None:
        """Say whose `members/<own id>` is: a UID, or why it cannot be told, or None if there is none."""
        head = self._get(service_id, self._own.cluster)
        try:
            return None if head is None else instances.read_envelope(head).owner
        except MalformedRecordError as error:
            return f"unknown ({error})"

    def put_member(self, member: Member, *, take_over: bool = False) -> None:
        self._guard.require_own(member.cluster, member.owner)
        with self._alone(names.MEMBERS):
            if not take_over:
                self.confirm()
            self._in_service(names.MEMBERS, lambda service_id, is_new: self._put_member(service_id, is_new, member))
            self.confirm()

    def _put_member(self, service_id: str, is_new: bool, member: Member) -> None:
        held = Held() if is_new else self._look(service_id, members.BODY)
        generation = max(member.heartbeat * _MS, held.generation + 1)
        encoded = members.encode(member, generation=generation, service_id=service_id, known=held.reusable)
        self._publish(service_id, held, encoded)

    def read_member(self, cluster: ClusterId) -> Member | None:
        return self._in_service(names.MEMBERS, lambda service_id, _: self._read_member(service_id, cluster))

    def drop_empty(self, key: ServiceKey) -> bool:
        self._guard.require()
        name = names.cloud_map_service(key)
        with self._alone(name):
            known = self._services.known_id(name)
            for service_id in [known] if known else [found for empty, found in self._services.empty() if empty == key]:
                if not self._services.delete(service_id):
                    return False
                self._services.forget(name, service_id)
                self._held.forget(service_id)
        return True

    def _in_service(self, name: str, act: Callable[[str, bool], T]) -> T:
        """Act on a service by its id, made if it is missing; the flag says that it was made just now."""
        for _ in range(_TRIES):
            service_id, is_new = self._services.create_or_get(name)
            try:
                return act(service_id, is_new)
            except ServiceGoneError:
                self._services.forget(name, service_id)
        raise StaleError(f"the Cloud Map service {name} was deleted {_TRIES} times meanwhile")

    def _look(self, service_id: str, body: tuple[str, ...]) -> Held:
        known = self._held.get(service_id)
        if known is None:
            known = Held.of(self._own.cluster, self._services.instances(service_id), body)
            self._held.put(service_id, known)
        return known

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """Keep other threads from the same service: Cloud Map takes one operation per instance at a time."""
        with self._locks_lock:
            lock = self._locks.get(name) or _Lock()
            self._locks[name] = lock
        with lock.lock:
            yield


class _Lock:
    """A lock that can be referred to weakly."""

    __slots__ = ("__weakref__", "lock")

    def __init__(self) -> None:
        self.lock = threading.Lock()
