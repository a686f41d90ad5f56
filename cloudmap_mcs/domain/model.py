"""One cluster's offer of one service, as values: what is exported, and what the registry holds of it.

All of them are frozen and comparable. Where order means nothing it is sorted away by the constructors, so that equal
offers are equal values.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import Final, NewType, Self

from cloudmap_mcs.errors import PermanentError

ClusterId = NewType("ClusterId", str)
Pairs = tuple[tuple[str, str], ...]
"""A string map as a sorted tuple, so that it can be hashed and compared."""

CLUSTER_ID_LIMIT: Final = 45
_CLUSTER_ID: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.ASCII)


def cluster_id(text: str) -> ClusterId:
    """Accept a cluster id: one DNS label of at most 45 characters (KEP-2149; CoreDNS reads a single label).

    Raises PermanentError that says what is allowed.
    """
    if len(text) > CLUSTER_ID_LIMIT or not _CLUSTER_ID.fullmatch(text):
        raise PermanentError(
            f"cluster id {text[:80]!r}: must be one DNS label of at most {CLUSTER_ID_LIMIT} characters "
            "(lower-case letters, digits and inner hyphens)"
        )
    return ClusterId(text)


def pairs(mapping: Mapping[str, str] | None) -> Pairs:
    return tuple(sorted((mapping or {}).items()))


@dataclass(frozen=True, slots=True, order=True)
class ServiceKey:
    """A service in the whole clusterset, by namespace sameness (KEP-1645, "Terminology")."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


class ServiceType(StrEnum):
    """Of a ServiceImport (KEP-1645, "Service Types")."""

    CLUSTER_SET_IP = "ClusterSetIP"
    HEADLESS = "Headless"


class Protocol(StrEnum):
    TCP = "TCP"
    UDP = "UDP"
    SCTP = "SCTP"


class Family(StrEnum):
    """Of an address, a Service or an EndpointSlice."""

    IPV4 = "IPv4"
    IPV6 = "IPv6"


def family_of(address: str) -> Family:
    """Tell the family of a literal IP address."""
    return Family.IPV6 if ":" in address else Family.IPV4


class Affinity(StrEnum):
    NONE = "None"
    CLIENT_IP = "ClientIP"


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a Service (the port number clients use) or of an EndpointSlice (the number pods listen on)."""

    name: str
    protocol: Protocol
    number: int
    app_protocol: str | None = None

    @property
    def transport(self) -> tuple[int, Protocol]:
        return self.number, self.protocol


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of one pod. Conditions are explicit: an absent `ready` in Kubernetes means ready."""

    address: str
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    hostname: str | None = None
    node: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """One EndpointSlice of the exporting cluster: endpoints that share a family and a set of target ports."""

    name: str
    family: Family
    ports: tuple[Port, ...]
    endpoints: tuple[Endpoint, ...]

    @classmethod
    def of(cls, name: str, family: Family, ports: Iterable[Port], endpoints: Iterable[Endpoint]) -> Self:
        """Sort what has no order: ports by name, endpoints by address."""
        by_name = tuple(sorted(ports, key=lambda port: (port.name, port.protocol, port.number)))
        return cls(name, family, by_name, tuple(sorted(endpoints, key=lambda endpoint: endpoint.address)))


@dataclass(frozen=True, slots=True)
class Export:
    """One cluster's offer of one service: everything an importing cluster needs (KEP-1645, "Exporting Services").

    `created` is the ServiceExport's creation time in seconds since the epoch, as the API server wrote it.
    `ports` keep the Service's order; `families` are in the Service's order of preference.
    """

    key: ServiceKey
    cluster: ClusterId
    created: int
    type: ServiceType
    ports: tuple[Port, ...]
    families: tuple[Family, ...]
    affinity: Affinity = Affinity.NONE
    affinity_timeout: int | None = None
    internal_traffic_policy: str | None = None
    traffic_distribution: str | None = None
    labels: Pairs = ()
    annotations: Pairs = ()
    slices: tuple[Slice, ...] = ()

    def with_slices(self, slices: Iterable[Slice]) -> "Export":
        return replace(self, slices=tuple(sorted(slices, key=lambda item: item.name)))

    @property
    def precedence(self) -> tuple[int, ClusterId]:
        """Oldest first, ties by cluster id (KEP-1645, "Conflict resolution policy"; the tie is ours)."""
        return self.created, self.cluster


class Gap(Enum):
    """What a record says when it holds no Export that can be read in whole."""

    UNEXPORTED = "a tombstone: this cluster does not export the service"
    INCOMPLETE = "parts are missing, or the format is newer than this version"


@dataclass(frozen=True, slots=True)
class Record:
    """What the registry holds of one cluster for one service.

    `generation` only grows per (cluster, key). An INCOMPLETE record still counts as an exporter; `head` is its Export
    without slices where that much could be read. `service_id` is the id of the Cloud Map service that holds it,
    `owner` the kube-system UID of the cluster that wrote it.
    """

    cluster: ClusterId
    generation: int
    content: Export | Gap
    head: Export | None = None
    owner: str = ""
    service_id: str = ""

    @property
    def is_exporter(self) -> bool:
        return self.content is not Gap.UNEXPORTED

    @property
    def offer(self) -> Export | None:
        """The service-level part: of a whole Export, or what could be read of an incomplete one."""
        return self.content if isinstance(self.content, Export) else self.head


def next_generation(now_ms: int, last: int) -> int:
    """Give the generation after `last`: the time in milliseconds, or one more where the clock went back."""
    return max(now_ms, last + 1)
