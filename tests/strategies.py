"""Hypothesis strategies, built on the builders. Universes are small: what matters is that values collide."""

from hypothesis import strategies as st

from cloudmap_mcs.domain.model import (
    Affinity,
    ClusterId,
    Endpoint,
    Export,
    Family,
    Gap,
    Pairs,
    Port,
    Protocol,
    Record,
    ServiceType,
    Slice,
)
from tests.builders import a_record, an_export

SOURCES = (ClusterId("a"), ClusterId("b"), ClusterId("c"))
FAMILIES: tuple[tuple[Family, ...], ...] = (
    (Family.IPV4,),
    (Family.IPV6,),
    (Family.IPV4, Family.IPV6),
    (Family.IPV6, Family.IPV4),
)
_ENDPOINTS = {
    family: (
        Endpoint(f"{prefix}1"),
        Endpoint(f"{prefix}1", ready=False),
        Endpoint(f"{prefix}2", serving=False, terminating=True),
        Endpoint(f"{prefix}3", hostname="pod-0", node="node-1", zone="zone-1"),
        Endpoint(f"{prefix}4", node="node-1"),
    )
    for family, prefix in ((Family.IPV4, "10.1.0."), (Family.IPV6, "fd01::"))
}


@st.composite
def ports(draw: st.DrawFn) -> tuple[Port, ...]:
    """The ports of one valid Service: names are unique, so are number and protocol; one alone may be unnamed."""
    one = st.builds(
        Port,
        st.sampled_from(["http", "web", "admin"]),
        st.sampled_from([Protocol.TCP, Protocol.UDP]),
        st.sampled_from([80, 81]),
        st.sampled_from([None, "h2c"]),
    )
    found = draw(st.lists(one, max_size=3, unique_by=(lambda port: port.name, lambda port: port.transport)))
    if len(found) == 1 and draw(st.booleans()):
        return (Port("", found[0].protocol, found[0].number),)
    return tuple(found)


def pairs() -> st.SearchStrategy[Pairs]:
    return st.sampled_from([(), (("app", "web"),), (("app", "web"), ("cloudmap-mcs/x", "y"))])


def endpoints(family: Family) -> st.SearchStrategy[list[Endpoint]]:
    return st.lists(st.sampled_from(_ENDPOINTS[family]), max_size=3, unique_by=lambda endpoint: endpoint.address)


@st.composite
def slices(draw: st.DrawFn, name: str, service_ports: tuple[Port, ...], families: tuple[Family, ...]) -> Slice:
    """A slice as an EndpointSlice controller makes it: the Service's port names, the pods' port numbers."""
    family = draw(st.sampled_from(families))
    target = draw(st.sampled_from([8080, 8081]))
    held = [Port(port.name, port.protocol, target + at, port.app_protocol) for at, port in enumerate(service_ports)]
    return Slice.of(name, family, held, draw(endpoints(family)))


@st.composite
def exports(draw: st.DrawFn, cluster: ClusterId) -> Export:
    service_ports, families = draw(ports()), draw(st.sampled_from(FAMILIES))
    affinity = draw(st.sampled_from(Affinity))
    names = draw(st.lists(st.sampled_from(["web-1", "web-2", "web-3"]), max_size=3, unique=True))
    return an_export(
        cluster,
        created=draw(st.integers(1, 2)),
        slices=[draw(slices(name, service_ports, families)) for name in names],
        ports=service_ports,
        families=families,
        type=draw(st.sampled_from(ServiceType)),
        affinity=affinity,
        affinity_timeout=draw(st.sampled_from([60, 90])) if affinity is Affinity.CLIENT_IP else None,
        internal_traffic_policy=draw(st.sampled_from([None, "Cluster", "Local"])),
        traffic_distribution=draw(st.sampled_from([None, "PreferClose", "PreferSameZone", "PreferSameNode"])),
        labels=draw(pairs()),
        annotations=draw(pairs()),
    )


@st.composite
def offers(draw: st.DrawFn) -> list[Export]:
    """At least one Export of one key, one per cluster."""
    sources = draw(st.lists(st.sampled_from(SOURCES), min_size=1, unique=True))
    return [draw(exports(source)) for source in sources]


@st.composite
def a_record_of(draw: st.DrawFn, source: ClusterId, generation: int) -> Record:
    """Whole, a tombstone, missing parts, or of a newer format."""
    whole = draw(exports(source))
    kind = draw(st.sampled_from(["whole", "whole", "whole", "gone", "parts", "newer"]))
    if kind == "whole":
        return a_record(whole, generation)
    if kind == "gone":
        return a_record(Gap.UNEXPORTED, generation, cluster=source)
    head = whole.with_slices(()) if kind == "parts" else None
    return a_record(Gap.INCOMPLETE, generation, cluster=source, head=head)


@st.composite
def records(draw: st.DrawFn, *, generation: int = 1, min_size: int = 0) -> tuple[Record, ...]:
    """What one answer of the registry may hold of a key."""
    sources = draw(st.lists(st.sampled_from(SOURCES), min_size=min_size, unique=True))
    return tuple(draw(a_record_of(source, generation)) for source in sorted(sources))


@st.composite
def whole_records(draw: st.DrawFn, *, generation: int = 1) -> tuple[Record, ...]:
    """Answers in which every record could be read and at least one cluster exports."""
    return tuple(a_record(export, generation) for export in sorted(draw(offers()), key=lambda export: export.cluster))


def cluster_families() -> st.SearchStrategy[tuple[Family, ...]]:
    return st.sampled_from(FAMILIES)
