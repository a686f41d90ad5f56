"""What API servers refuse, no record carries: it is set aside when read and refused with the cause when written."""

import re
from typing import Any

import pytest

from cloudmap_mcs.cloudmap import packing, records
from cloudmap_mcs.cloudmap.admission import problem
from cloudmap_mcs.cloudmap.instances import Instance
from cloudmap_mcs.domain.model import Affinity, Endpoint, Export, Family, Port, Protocol, ServiceType, Slice
from cloudmap_mcs.errors import InvalidError, MalformedRecordError
from tests.builders import HTTP, KEY, a_record, a_slice, an_export
from tests.cloudmap.checks import parts_of

TCP = Protocol.TCP
LONG = "a" * 63
SUBDOMAIN = ".".join([LONG, LONG, LONG, "a" * 61])


def a_port(name: str = "http", number: int = 80, app: str | None = None) -> Port:
    return Port(name, TCP, number, app)


def at(address: str, family: Family = Family.IPV4, **fields: Any) -> dict[str, Any]:
    return {"slices": [Slice.of("web", family, [], [Endpoint(address, **fields)])]}


def many(count: int) -> list[Endpoint]:
    return [Endpoint(f"10.0.{n >> 8}.{n & 255}") for n in range(count)]


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("app protocol with spaces", {"ports": (a_port(app="not valid!!"),)}, "appProtocol 'not valid!!'"),
    ("empty app protocol", {"ports": (a_port(app=""),)}, "appProtocol ''"),
    ("app protocol of two slashes", {"ports": (a_port(app="a/b/c"),)}, "appProtocol 'a/b/c'"),
    ("app protocol that is too long", {"ports": (a_port(app="a" * 64),)}, "appProtocol"),
    ("app protocol in a slice", {"slices": [a_slice(ports=[a_port(app="é")])]}, "slice 'web-abc': appProtocol"),
    ("port 0", {"ports": (a_port(number=0),)}, "port 0 "),
    ("port 65536", {"ports": (a_port(number=65_536),)}, "port 65536 "),
    ("port 70000 in a slice", {"slices": [a_slice(ports=[a_port(number=70_000)])]}, "port 70000 "),
    ("port name", {"ports": (a_port("Http"),)}, "port name 'Http'"),
    ("two service ports of one name", {"ports": (a_port(), a_port(number=81))}, "two ports have the same name"),
    ("two service ports of one number", {"ports": (a_port(), a_port("web"))}, "the same number and protocol"),
    ("one of two without a name", {"ports": (HTTP, a_port("", 81))}, "one of several ports has no name"),
    ("no ports", {"ports": ()}, "no ports and is not headless"),
    ("two slice ports of one name", {"slices": [a_slice(ports=[HTTP, a_port(number=81)])]}, "the same name"),
    ("two slice ports without a name", {"slices": [a_slice(ports=[a_port(""), a_port("", 81)])]}, "the same name"),
    ("policy", {"internal_traffic_policy": "local"}, "internal traffic policy 'local'"),
    ("distribution", {"traffic_distribution": "Prefer Close"}, "traffic distribution 'Prefer Close'"),
    ("long distribution", {"traffic_distribution": "P" * 64}, "traffic distribution"),
    ("timeout 0", {"affinity": Affinity.CLIENT_IP, "affinity_timeout": 0}, "affinity timeout 0 "),
    ("timeout 86401", {"affinity": Affinity.CLIENT_IP, "affinity_timeout": 86_401}, "affinity timeout 86401 "),
    ("timeout alone", {"affinity_timeout": 60}, "go together"),
    ("affinity alone", {"affinity": Affinity.CLIENT_IP}, "go together"),
    ("slice name", {"slices": [a_slice(name="web..a")]}, "slice 'web..a': its name"),
    ("1,001 endpoints", {"slices": [Slice.of("web", Family.IPV4, [], many(1_001))]}, "1,001 endpoints"),
    ("other family", at("2001:db8::1"), "not an IPv4 address"),
    ("loopback", at("127.0.0.1"), "'127.0.0.1' is not"),
    ("loopback 6", at("::1", Family.IPV6), "'::1' is not"),
    ("link-local", at("169.254.169.254"), "'169.254.169.254' is not"),
    ("link-local 6", at("fe80::1", Family.IPV6), "'fe80::1' is not"),
    ("multicast", at("224.0.0.1"), "'224.0.0.1' is not"),
    ("multicast 6", at("ff02::1", Family.IPV6), "'ff02::1' is not"),
    ("unspecified", at("0.0.0.0"), "'0.0.0.0' is not"),  # noqa: S104  # nothing is bound here
    ("unspecified 6", at("::", Family.IPV6), "'::' is not"),
    ("mapped", at("::ffff:10.0.0.1", Family.IPV6), "'::ffff:10.0.0.1' is not"),
    ("not canonical", at("2001:DB8::1", Family.IPV6), "'2001:DB8::1' is not"),
    ("leading zero", at("010.0.0.1"), "'010.0.0.1' is not"),
    ("hostname", at("10.0.0.1", hostname="A"), "hostname 'A'"),
    ("node", at("10.0.0.1", node="a_b"), "node 'a_b'"),
    ("long node", at("10.0.0.1", node=f"{SUBDOMAIN}a"), "node"),
    ("empty node", at("10.0.0.1", node=""), "node ''"),
    ("zone", at("10.0.0.1", zone="eu west"), "zone 'eu west'"),
    ("long zone", at("10.0.0.1", zone="a" * 64), "zone"),
]


def spoilt(export: Export, fields: dict[str, Any]) -> dict[str, str]:
    """Write an Export's attributes without being asked what is in them, as a stranger could."""
    head = dict(records.encode(KEY, a_record(an_export())).head.attributes)
    places, slices = packing.write_slices(export.slices)
    text = {
        "ports": packing.write_ports(export.ports) if export.ports else "",
        "affinity": export.affinity,
        "affinity-timeout": "" if export.affinity_timeout is None else str(export.affinity_timeout),
        "internal-traffic-policy": export.internal_traffic_policy or "",
        "traffic-distribution": export.traffic_distribution or "",
    }
    head |= {name: value for name, value in text.items() if value}
    for name, value in {"places": places, "slices": slices}.items():
        pieces = [value[at : at + 1_000] for at in range(0, len(value), 1_000)]
        head |= {name if at == 0 else f"{name}.{at + 1}": piece for at, piece in enumerate(pieces)}
    if "ports" in fields and not export.ports:
        del head["ports"]
    return head


@pytest.mark.parametrize(("fields", "told"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_an_api_server_refuses_is_set_aside_with_its_cause(fields: dict[str, Any], told: str) -> None:
    head = spoilt(an_export(**fields), fields)

    with pytest.raises(MalformedRecordError, match=re.escape(told)):
        records.decode(KEY, Instance("a", head), {})


@pytest.mark.parametrize(("fields", "told"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_every_reader_would_set_aside_is_never_written(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidError, match=rf"shop/web of a could be imported nowhere: .*{re.escape(told)}"):
        records.encode(KEY, a_record(an_export(**fields)))


ADMITTED: list[tuple[str, dict[str, Any]]] = [
    ("an IANA name", {"ports": (a_port(app="https"),)}),
    ("a qualified name", {"ports": (a_port(app=f"{SUBDOMAIN}/{'A' * 31}_.{'b' * 30}"),)}),
    ("the last port", {"ports": (a_port(number=65_535), a_port("web", 1))}),
    ("one number under two protocols", {"ports": (a_port("tcp"), Port("udp", Protocol.UDP, 80))}),
    ("one port without a name", {"ports": (a_port(""),), "slices": [a_slice("10.0.0.1", ports=[a_port("", 8080)])]}),
    ("no ports when headless", {"ports": (), "type": ServiceType.HEADLESS}),
    ("two slice ports of one number", {"slices": [a_slice(ports=[a_port("a"), a_port("b")])]}),
    ("policies", {"internal_traffic_policy": "Local", "traffic_distribution": "PreferSameNode"}),
    ("a distribution of tomorrow", {"traffic_distribution": "example.com/NearBy"}),
    ("the longest timeout", {"affinity": Affinity.CLIENT_IP, "affinity_timeout": 86_400}),
    ("1,000 endpoints", {"slices": [Slice.of("web", Family.IPV4, [], many(1_000))]}),
    ("the same address twice", {"slices": [a_slice("10.0.0.1", "10.0.0.1")]}),
    ("names at their limits", at("10.0.0.1", hostname=LONG, node=SUBDOMAIN, zone=f"A{'_' * 61}z")),
    ("a short IPv6 address", at("2001:db8::1", Family.IPV6)),
    ("a unique local address", at("fd00::a", Family.IPV6)),
]


@pytest.mark.parametrize("fields", [row[1] for row in ADMITTED], ids=[row[0] for row in ADMITTED])
def test_what_an_api_server_takes_reads_back(fields: dict[str, Any]) -> None:
    record = a_record(an_export(**fields))
    encoded = records.encode(KEY, record)

    assert records.decode(KEY, encoded.head, parts_of(encoded)) == record


def test_the_endpoints_of_a_slice_are_counted_over_all_its_parts() -> None:
    """Each part is within the limit; only together they are not."""
    pieces = [Slice.of("web", Family.IPV4, [], many(600)[start::2]) for start in (0, 1)]
    joined = packing.join_slices([*pieces, *pieces])

    assert "1,200 endpoints" in problem(an_export(slices=joined))


def test_terms_that_an_api_server_refuses_count_though_the_slices_are_missing() -> None:
    """An incomplete record still takes part in the merge with its ports."""
    whole = records.encode(KEY, a_record(an_export(slices=[Slice.of("web", Family.IPV4, [HTTP], many(900))])))
    head = {**whole.head.attributes, "ports": "http=80/TCP:not valid!!"}

    with pytest.raises(MalformedRecordError, match="not valid!!"):
        records.decode(KEY, Instance("a", head), {})
