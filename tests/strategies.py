"""Hypothesis strategies, built on the builders. Universes are small: what matters is that values collide."""

from typing import Any

from hypothesis import strategies as st

from cloudmap_mcs.domain.model import (
    Affinity,
    ClusterId,
    Endpoint,
    Export,
    Family,
    Gap,
    Port,
    Protocol,
    Record,
    ServiceType,
    Slice,
)
from tests.builders import HTTP, a_record, an_export

SOURCES = (ClusterId("a"), ClusterId("b"), ClusterId("c"))
FAMILIES: tuple[tuple[Family, ...], ...] = (
    (Family.IPV4,),
    (Family.IPV6,),
    (Family.IPV4, Family.IPV6),
    (Family.IPV6, Family.IPV4),
)
PORTS: tuple[tuple[Port, ...], ...] = (
    (),
    (HTTP,),
    (Port("", Protocol.TCP, 80),),
    (Port("web", Protocol.TCP, 80),),
    (Port("http", Protocol.TCP, 81),),
    (Port("http", Protocol.UDP, 80), Port("web", Protocol.TCP, 80)),
    (Port("web", Protocol.TCP, 81), Port("http", Protocol.TCP, 80, "h2c")),
    (Port("http", Protocol.TCP, 81), Port("web", Protocol.TCP, 80), Port("quic", Protocol.UDP, 81)),
)
"""Ports of valid Services: names are unique, so are number and protocol. Between them every kind of conflict."""

TRAFFIC: tuple[dict[str, Any], ...] = (
    {},
    {"affinity": Affinity.CLIENT_IP, "affinity_timeout": 60, "labels": (("app", "web"),)},
    {"internal_traffic_policy": "Local", "annotations": (("app", "web"), ("cloudmap-mcs/x", "y"))},
    {"traffic_distribution": "PreferClose", "internal_traffic_policy": "Cluster"},
    {"traffic_distribution": "PreferSameNode"},
)
_PREFIXES = {Family.IPV4: "10.1.0.", Family.IPV6: "fd01::"}
_ENDPOINTS = {
    family: (
        (),
        (Endpoint(f"{prefix}1"),),
        (Endpoint(f"{prefix}1", ready=False), Endpoint(f"{prefix}2", serving=False, terminating=True)),
        (Endpoint(f"{prefix}3", hostname="pod-0", node="node-1", zone="zone-1"), Endpoint(f"{prefix}4")),
    )
    for family, prefix in _PREFIXES.items()
}


@st.composite
def slices(draw: st.DrawFn, service_ports: tuple[Port, ...], families: tuple[Family, ...]) -> list[Slice]:
    """Slices as an EndpointSlice controller makes them: the Service's port names, the pods' port numbers."""
    found = []
    for number in range(draw(st.integers(0, 2))):
        family = draw(st.sampled_from(families))
        target, endpoints = draw(st.tuples(st.sampled_from([8080, 8081]), st.sampled_from(_ENDPOINTS[family])))
        ports = [
            Port(port.name, port.protocol, target + at, port.app_protocol) for at, port in enumerate(service_ports)
        ]
        found.append(Slice.of(f"web-{number}", family, ports, endpoints))
    return found


@st.composite
def exports(draw: st.DrawFn, cluster: ClusterId) -> Export:
    ports, families = draw(st.sampled_from(PORTS)), draw(st.sampled_from(FAMILIES))
    return an_export(
        cluster,
        created=draw(st.integers(1, 2)),
        slices=draw(slices(ports, families)),
        ports=ports,
        families=families,
        type=draw(st.sampled_from(ServiceType)),
        **draw(st.sampled_from(TRAFFIC)),
    )


@st.composite
def offers(draw: st.DrawFn) -> list[Export]:
    """At least one Export of one key, one per cluster."""
    sources = draw(st.lists(st.sampled_from(SOURCES), min_size=1, unique=True))
    return [draw(exports(source)) for source in sources]


@st.composite
def a_record_of(draw: st.DrawFn, source: ClusterId, generation: int) -> Record:
    """Whole, a tombstone, missing parts, or of a newer format."""
    kind = draw(st.sampled_from(["whole", "whole", "whole", "gone", "parts", "newer"]))
    if kind == "gone":
        return a_record(Gap.UNEXPORTED, generation, cluster=source)
    if kind == "newer":
        return a_record(Gap.INCOMPLETE, generation, cluster=source)
    whole = draw(exports(source))
    if kind == "whole":
        return a_record(whole, generation)
    return a_record(Gap.INCOMPLETE, generation, cluster=source, head=whole.with_slices(()))


@st.composite
def records(draw: st.DrawFn, *, generation: int = 1) -> tuple[Record, ...]:
    """What one answer of the registry may hold of a key."""
    sources = draw(st.lists(st.sampled_from(SOURCES), unique=True))
    return tuple(draw(a_record_of(source, generation)) for source in sorted(sources))


@st.composite
def whole_records(draw: st.DrawFn, *, generation: int = 1) -> tuple[Record, ...]:
    """Answers in which every record could be read and at least one cluster exports."""
    return tuple(a_record(export, generation) for export in sorted(draw(offers()), key=lambda export: export.cluster))


def cluster_families() -> st.SearchStrategy[tuple[Family, ...]]:
    return st.sampled_from(FAMILIES)
