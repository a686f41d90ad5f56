"""What the core asks of the world: Protocols that the adapters fulfil and the doubles of the tests imitate.

Values in, values out; adapters translate every SDK error to one of `cloudmap_mcs.errors`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.imports import (
    ImportStatus,
    Managed,
    Observed,
    OwnExport,
    Seen,
    ServiceImport,
)
from cloudmap_mcs.domain.installation import Account, Manifest, Reference, Right
from cloudmap_mcs.domain.model import ClusterId, Record, ServiceKey, Slice
from cloudmap_mcs.domain.offers import ExportSeen, ServiceSeen

M = TypeVar("M", bound=Managed)


@dataclass(frozen=True, slots=True)
class SetAside:
    """An instance that is not ours to understand: foreign or malformed. Counted and reported, never in the way."""

    instance: str
    problem: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """One key's records in one answer of the data plane, at most one per cluster, ordered by cluster id."""

    records: tuple[Record, ...]
    set_aside: tuple[SetAside, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """One cluster's entry in the `members` service. `heartbeat` is in seconds since the epoch."""

    cluster: ClusterId
    owner: str
    version: str
    formats: tuple[int, ...]
    heartbeat: int
    keys: frozenset[ServiceKey]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Index:
    """The whole clusterset by its `members` service: who is in it and which keys each exports.

    `complete` is False when any member's list could not be read in whole, or when the answer was as long as answers
    can be (`is_cut`): then nothing may be concluded from absence.
    """

    members: tuple[Member, ...]
    set_aside: tuple[SetAside, ...] = ()
    is_cut: bool = False

    @property
    def complete(self) -> bool:
        return not self.is_cut and all(member.complete for member in self.members)

    @property
    def keys(self) -> frozenset[ServiceKey]:
        return frozenset().union(*(member.keys for member in self.members))


class RegistryReader(Protocol):
    """What importers ask of Cloud Map."""

    def discover(self, key: ServiceKey) -> Discovery:
        """Read a key's records from the data plane; may lag. A service that does not exist has no records."""
        ...

    def read(self, key: ServiceKey, cluster: ClusterId, service_id: str | None) -> Record | None:
        """Ask the control plane for one cluster's record: the last word. None: there is none.

        `service_id` is what a note remembers; without it the service is looked up.
        Raises MalformedRecordError if something is there but does not parse.
        """
        ...

    def index(self) -> Index:
        """Read the `members` service."""
        ...

    def key_of(self, service_id: str) -> ServiceKey | None:
        """Map a Cloud Map service id (or ARN) to the key it holds; None for services that are not ours."""
        ...


class RegistryWriter(RegistryReader, Protocol):
    """What a watcher asks of Cloud Map on top. Calls return when the operation is SUCCESS.

    `put`, `remove` and `drop_empty` raise IdentityError unless `members/<own id>` carried this cluster's own UID when
    it was last looked at: by `confirm`, or by `put_member`.
    """

    def put(self, key: ServiceKey, record: Record) -> Record:
        """Write a record (Export or tombstone), its parts before it and old parts after it.

        Creates the Cloud Map service if it is missing. Returns the record as acknowledged: with its service id, and
        with a higher generation than asked for where the registry had that one or a newer one.
        Raises OversizeError if it cannot fit; nothing is written then.
        """
        ...

    def remove(self, key: ServiceKey, record: Record) -> None:
        """Deregister a cluster's record and its parts; not being there is success.

        Raises StaleError if what is there is newer than `record`.
        """
        ...

    def confirm(self) -> bool:
        """Ask the control plane whether `members/<own id>` carries this cluster's own UID; False: there is no entry.

        Raises IdentityError if it carries another; that stays so until somebody takes over explicitly.
        """
        ...

    def put_member(self, member: Member, *, take_over: bool = False) -> None:
        """Write this cluster's entry in `members` and read it back.

        Raises IdentityError if the entry is another cluster's, before it is written (unless `take_over`) or after.
        """
        ...

    def read_member(self, cluster: ClusterId) -> Member | None:
        """Ask the control plane whose entry `members/<cluster>` is."""
        ...

    def keys(self) -> frozenset[ServiceKey]:
        """List the keys whose Cloud Map service holds any instance, whoever wrote it; the index may lack some."""
        ...

    def empty_services(self) -> frozenset[ServiceKey]:
        """List the keys whose Cloud Map service holds no instance at all."""
        ...

    def drop_empty(self, key: ServiceKey) -> bool:
        """Delete a key's Cloud Map service if it is empty; False if it is not. Being gone already is success."""
        ...


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """A hint that a key changed in a cluster; nothing in it is trusted."""

    key: ServiceKey
    cluster: ClusterId
    generation: int

    @property
    def topic(self) -> tuple[str, ...]:
        """What it is about: what comes later about the same says it all."""
        return self.key.namespace, self.key.name


@dataclass(frozen=True, slots=True, order=True)
class Appeared:
    """A hint that a namespace is there now, in one cluster: it gets its imports (KEP-1645, "Namespace Sameness")."""

    namespace: str
    cluster: ClusterId

    @property
    def topic(self) -> tuple[str, ...]:
        """What it is about: what comes later about the same says it all."""
        return (self.namespace,)


News = Change | Appeared


class Announcer(Protocol):
    """Tells importers: of a change all of them, of a namespace the one of its cluster.

    Returns when the bus has accepted everything, else raises.
    """

    def announce(self, news: Collection[News]) -> None: ...


class Clock(Protocol):
    """Time as a dependency."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        ...

    def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Offered:
    """One cluster's own objects of one key, from its cache."""

    export: ExportSeen | None = None
    service: ServiceSeen | None = None
    slices: tuple[Slice, ...] = ()


class ExportingCluster(Protocol):
    """What a watcher asks of its own cluster."""

    def offered(self, key: ServiceKey) -> Offered:
        """Give what the cache holds of a key now."""
        ...

    def write_conditions(self, export: ExportSeen, conditions: Sequence[Condition]) -> None:
        """Write the Valid and Ready conditions on the ServiceExport that was seen; others are left alone.

        Both are sent each time. A ServiceExport that went or was made anew meanwhile raises StaleError.
        """
        ...


class Cluster(Protocol):
    """What an importer asks of its own cluster. Writes raise StaleError on 404 or 409: observe again."""

    def observe(self, key: ServiceKey) -> Observed:
        """Read namespace, ServiceImport, derived Service, imported slices and own ServiceExport of a key."""
        ...

    def create(self, value: M) -> Seen[M]:
        """POST. A DerivedService with `ips` asks for those; AddressTakenError if they are somebody else's."""
        ...

    def replace(self, seen: Seen[M], value: M) -> Seen[M]:
        """PUT the observed object with our fields replaced; the answer can be replaced again."""
        ...

    def delete(self, seen: Seen[M]) -> None:
        """DELETE exactly what was seen; its being gone already is success."""
        ...

    def write_status(self, seen: Seen[ServiceImport], status: ImportStatus) -> None:
        """Write a ServiceImport's status."""
        ...

    def write_conflict(self, key: ServiceKey, export: OwnExport, condition: Condition | None) -> None:
        """Write the Conflict condition on the own ServiceExport, or take it away; other conditions are left alone."""
        ...

    def imports(self) -> frozenset[ServiceKey]:
        """List the keys that any object of ours in the cluster belongs to, one paged LIST per kind."""
        ...


class Objects(Protocol):
    """What an installer asks of a cluster: objects of any kind, as manifests, by what the API server serves now."""

    def serves(self, version: str, kind: str) -> bool: ...

    def find(self, wanted: Reference) -> Manifest | None:
        """Read one object; None if there is none, or no such kind."""
        ...

    def all_of(self, version: str, kind: str, *, selector: str = "") -> tuple[Manifest, ...]:
        """List a kind in every namespace; a kind that is not served has no objects."""
        ...

    def apply(self, manifest: Manifest, *, take_over: bool = False) -> Manifest:
        """Apply on the server's side; HeldFieldsError if another manager holds other values, unless `take_over`."""
        ...

    def has_applied(self, seen: Manifest) -> bool:
        """Say whether an object as seen holds anything that `apply` once wrote."""
        ...

    def replace(self, seen: Manifest, *, part: str = "") -> Manifest:
        """PUT an object as seen and changed, or its part `status`; StaleError if it changed or went meanwhile."""
        ...

    def remove(self, seen: Manifest, *, alone: bool = False) -> None:
        """DELETE this object; its being gone already is success.

        What it owns goes before it, unless it goes `alone`: of a kind that is new Kubernetes may need half a minute to
        see that it owns nothing.
        """
        ...

    def may(self, account: Account, right: Right) -> bool:
        """Ask the API server whether a ServiceAccount has a right now."""
        ...
