"""Values of any shape that an API server could hold, and attributes that nobody should have written."""

from ipaddress import IPv4Address, IPv6Address

from hypothesis import strategies as st

from cloudmap_mcs.cloudmap.instances import Instance
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
    ServiceKey,
    ServiceType,
    Slice,
    pairs,
)
from cloudmap_mcs.ports import Member

labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
long_labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)
subdomains = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z0-9]{1,10})?", fullmatch=True)
any_text = st.text(max_size=40)
hostile_text = st.one_of(
    any_text,
    st.text(alphabet=" %;=,|:@!{}/-\t\n\x00é\U0001f600\ud800", max_size=60),
    st.text(alphabet=" x", min_size=1_000, max_size=1_100),
)
cluster_ids = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,43}[a-z0-9])?", fullmatch=True).map(ClusterId)
keys = st.builds(ServiceKey, long_labels, long_labels)
generations = st.integers(0, 9_999_999_999_999)
qualified = st.from_regex(
    r"([a-z0-9]{1,9}(\.[a-z]{1,9})?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?", fullmatch=True
)
ports = st.builds(Port, st.just("") | labels, st.sampled_from(Protocol), st.integers(1, 65_535), st.none() | qualified)
_V4 = st.integers(int(IPv4Address("10.0.0.0")), int(IPv4Address("10.255.255.255"))).map(IPv4Address).map(str)
_V6 = st.integers(int(IPv6Address("2001:db8::")), int(IPv6Address("2001:db8:ffff::"))).map(IPv6Address).map(str)
zones = st.none() | st.sampled_from(["us-west-2a", "us-west-2b", "Rack_7.b"])
nodes = st.none() | st.sampled_from(["ip-10-0-1-4.internal", "ip-10-0-1-17.internal"]) | subdomains
odd_places = st.none() | st.sampled_from(["-", "", "us-west-2a", "us-west-2b", "a{b", "é"]) | hostile_text
"""Zones and nodes that the text can hold, whoever would refuse them."""


def _slice(
    family: Family, zones: st.SearchStrategy[str | None] = zones, nodes: st.SearchStrategy[str | None] = nodes
) -> st.SearchStrategy[Slice]:
    endpoint = st.builds(
        Endpoint,
        _V4 if family is Family.IPV4 else _V6,
        st.booleans(),
        st.booleans(),
        st.booleans(),
        st.none() | labels,
        nodes,
        zones,
    )
    listed = st.lists(endpoint, max_size=30) | st.lists(endpoint, min_size=20, max_size=30).map(lambda some: some * 8)
    return st.builds(Slice.of, subdomains, st.just(family), st.lists(ports, max_size=3, unique_by=_name), listed)


def _name(port: Port) -> str:
    return port.name


slices = st.lists(st.sampled_from(Family).flatmap(_slice), max_size=6, unique_by=lambda item: item.name)
odd_slices = st.lists(
    st.sampled_from(Family).flatmap(lambda family: _slice(family, odd_places, odd_places)),
    max_size=3,
    unique_by=lambda item: item.name,
)
mappings = st.dictionaries(hostile_text, hostile_text, max_size=4).map(pairs)


named_ports = st.builds(Port, labels, st.sampled_from(Protocol), st.integers(1, 65_535), st.none() | qualified)
service_ports = st.lists(ports, min_size=1, max_size=1) | st.lists(
    named_ports, min_size=1, max_size=4, unique_by=(_name, lambda port: port.transport)
)


@st.composite
def exports(draw: st.DrawFn) -> Export:
    kind = draw(st.sampled_from(ServiceType))
    affinity = draw(st.sampled_from(Affinity))
    export = Export(
        key=draw(keys),
        cluster=draw(cluster_ids),
        created=draw(st.integers(0, 4_000_000_000)),
        type=kind,
        ports=tuple(draw(service_ports | st.just([]) if kind is ServiceType.HEADLESS else service_ports)),
        families=draw(st.sampled_from([(), (Family.IPV4,), (Family.IPV6,), (Family.IPV6, Family.IPV4)])),
        affinity=affinity,
        affinity_timeout=draw(st.integers(1, 86_400)) if affinity is Affinity.CLIENT_IP else None,
        internal_traffic_policy=draw(st.none() | st.sampled_from(["Cluster", "Local"])),
        traffic_distribution=draw(st.none() | st.sampled_from(["PreferClose", "PreferSameZone", "example.com/Near"])),
        labels=draw(mappings),
        annotations=draw(mappings),
    )
    return export.with_slices(draw(slices))


@st.composite
def whole_records(draw: st.DrawFn) -> Record:
    export = draw(exports())
    content: Export | Gap = export if draw(st.integers(0, 3)) else Gap.UNEXPORTED
    return Record(export.cluster, draw(generations), content, owner="uid-1", service_id="srv-abc123")


members = st.builds(
    Member,
    cluster=cluster_ids,
    owner=st.uuids().map(str),
    version=any_text,
    formats=st.lists(st.integers(1, 99), max_size=3).map(tuple),
    heartbeat=st.integers(0, 9_999_999_999),
    keys=st.frozensets(st.builds(ServiceKey, labels, labels), max_size=12)
    | st.builds(
        lambda space, size: frozenset(ServiceKey(space, f"service-with-a-long-name-{n}") for n in range(size)),
        labels,
        st.integers(100, 400),
    ),
)

_NAMES = (
    *("format", "kind", "cluster", "service", "generation", "owner", "service-id"),
    *("created", "type", "families", "ports", "affinity", "affinity-timeout", "internal-traffic-policy"),
    *("labels", "annotations", "places", "slices", "slices.2", "parts", "keys"),
    *("version", "formats", "heartbeat", "x"),
)
_VALUES = st.sampled_from(
    [
        *("", "1", "2", "0", "-1", "99999999999999999999", "export", "tombstone", "member", "part", "a", "shop/web"),
        *("members", "ClusterSetIP", "IPv4", "IPv4,IPv4", "http=80/TCP", "80/TCP", "0/TCP", "http=80/ICMP", "x|y"),
        *("web|IPv4|-|-", "web|IPv4|80/TCP|10.0.0.1@0", "web|IPv6|-|127.0.0.1", "z=n", "z={a,b}", "z=a{", "%GG", "%FF"),
        *("1.1=00000000000000000000", "٣", "1_0", " 1", "shop=web,", "a=b;c"),
    ]
)
hostile_attributes = st.dictionaries(st.sampled_from(_NAMES), _VALUES | hostile_text, max_size=24)
hostile_instances = st.lists(
    st.builds(Instance, st.sampled_from(["a", "b", "a:1.1", "a:1.2", "x y", ""]) | any_text, hostile_attributes),
    max_size=6,
)
