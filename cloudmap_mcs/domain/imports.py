"""What an importing cluster holds of one key: ServiceImport, derived Service, imported EndpointSlices, as values.

Fields that only note where a value came from do not take part in comparison: an object that differs in nothing else
is not written again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final, Generic, TypeVar

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.model import Affinity, ClusterId, Endpoint, Family, Pairs, Port, ServiceKey, ServiceType

AFFINITY_TIMEOUT: Final = 10_800
"""Seconds for which an API server lets ClientIP affinity last where nobody says otherwise."""

INTERNAL_POLICY: Final = "Cluster"
"""The internalTrafficPolicy of a Service that names none."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """How traffic to a service is spread: what ServiceImport and derived Service carry alike.

    What an API server fills in by itself is filled in here, so that equal settings are equal values.
    """

    affinity: Affinity = Affinity.NONE
    affinity_timeout: int | None = None
    internal_policy: str | None = None
    distribution: str | None = None

    def __post_init__(self) -> None:
        timeout = (self.affinity_timeout or AFFINITY_TIMEOUT) if self.affinity is Affinity.CLIENT_IP else None
        object.__setattr__(self, "affinity_timeout", timeout)
        object.__setattr__(self, "internal_policy", self.internal_policy or INTERNAL_POLICY)


@dataclass(frozen=True, slots=True)
class Note:
    """The newest generation of a source that went into an object, and the Cloud Map service it was read from."""

    source: ClusterId
    generation: int
    service_id: str


@dataclass(frozen=True, slots=True)
class ServiceImport:
    """A ServiceImport's spec and what it carries over (KEP-1645, "Importing Services").

    `labels` and `annotations` are the exported ones only. `notes` are of all sources, tombstones too, by source.
    """

    key: ServiceKey
    type: ServiceType
    ports: tuple[Port, ...]
    ips: tuple[str, ...]
    families: tuple[Family, ...]
    traffic: Traffic = Traffic()
    labels: Pairs = ()
    annotations: Pairs = ()
    notes: tuple[Note, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class ImportStatus:
    """A ServiceImport's status: the clusters it was derived from, in order, and its Ready condition.

    `says_slices`: it also says that there are EndpointSlices, or cannot, because the CRD is older than that field.
    """

    clusters: tuple[ClusterId, ...]
    ready: Condition | None
    says_slices: bool = True


@dataclass(frozen=True, slots=True)
class DerivedService:
    """The selector-less Service that carries the clusterset IP in one cluster.

    `asks` are the families it should have; `families` and `ips` what the API server gave (on a value to create: the
    addresses to ask for again), in the same order.
    """

    key: ServiceKey
    name: str
    type: ServiceType
    ports: tuple[Port, ...]
    asks: frozenset[Family]
    traffic: Traffic = Traffic()
    families: tuple[Family, ...] = field(default=(), compare=False)
    ips: tuple[str, ...] = field(default=(), compare=False)


class Hints(Enum):
    """Which topology hints the endpoints of a slice carry (Service trafficDistribution)."""

    NONE = "none"
    ZONE = "zone"
    NODE = "node"


@dataclass(frozen=True, slots=True)
class ImportedSlice:
    """An EndpointSlice made from one slice of one source cluster (KEP-1645, "EndpointSlice").

    `endpoints` carry a node only where it is a node of the importing cluster itself.
    """

    key: ServiceKey
    name: str
    source: ClusterId
    source_slice: str
    family: Family
    ports: tuple[Port, ...]
    endpoints: tuple[Endpoint, ...]
    hints: Hints = Hints.NONE
    generation: int = field(default=0, compare=False)
    service_id: str = field(default="", compare=False)


Managed = ServiceImport | DerivedService | ImportedSlice
"""The kinds of object that we create, change and delete in an importing cluster."""

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Seen(Generic[T_co]):
    """A value and the one state of the one object it was read from; a write with it changes that state or fails.

    `raw` is the object as observed, for the adapter alone: a write replaces our fields in it and keeps the others.
    `generation` is what conditions call observedGeneration; 0 for kinds that have none.
    """

    value: T_co
    uid: str
    version: str
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    generation: int = field(default=0, compare=False)


class NamespaceState(Enum):
    PRESENT = "present"
    MISSING = "missing"
    TERMINATING = "terminating"


@dataclass(frozen=True, slots=True)
class OwnExport:
    """The importing cluster's own ServiceExport of the key, as far as its Conflict condition is concerned."""

    uid: str
    generation: int
    conflict: Condition | None


@dataclass(frozen=True, slots=True)
class Observed:
    """One cluster's side of one key, read in one pass. Only objects with our mark are in it.

    `is_foreign` says that a ServiceImport of this name is somebody else's.
    """

    namespace: NamespaceState
    service_import: Seen[ServiceImport] | None = None
    status: ImportStatus | None = None
    derived: Seen[DerivedService] | None = None
    slices: tuple[Seen[ImportedSlice], ...] = ()
    export: OwnExport | None = None
    is_foreign: bool = False

    def holding(self, seen: Seen[Managed]) -> "Observed":
        """Give this observation after `seen` was created or replaced."""
        match seen.value:
            case ServiceImport() as value:
                found = Seen(value, seen.uid, seen.version, seen.raw, seen.generation)
                return replace(self, service_import=found)
            case DerivedService() as value:
                return replace(self, derived=Seen(value, seen.uid, seen.version, seen.raw))
            case value:
                others = (item for item in self.slices if item.value.name != value.name)
                slices = (*others, Seen(value, seen.uid, seen.version, seen.raw))
                return replace(self, slices=tuple(sorted(slices, key=lambda item: item.value.name)))

    def without(self, gone: Seen[Managed]) -> "Observed":
        """Give this observation after `gone` was deleted."""
        match gone.value:
            case ServiceImport():
                return replace(self, service_import=None, status=None)
            case DerivedService():
                return replace(self, derived=None)
            case held:
                return replace(self, slices=tuple(item for item in self.slices if item.value.name != held.name))
