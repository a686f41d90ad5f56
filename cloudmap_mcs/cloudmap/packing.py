"""EndpointSlices as compact, readable text: `NAME|FAMILY|PORTS|ENDPOINTS` joined by semicolons.

Nodes and zones go into a dictionary, `places`, that endpoints refer to by index. Nodes of one zone share what their
names start and end with, as a shell's braces do: `us-west-2a=ip-10-0-1-{4,17}.us-west-2.compute.internal`.

Reading is about the text only; what of it Kubernetes would take is for `admission` to say.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from cloudmap_mcs.cloudmap import text
from cloudmap_mcs.domain.model import Endpoint, Family, Port, Protocol, Slice
from cloudmap_mcs.errors import MalformedRecordError

Place = tuple[str | None, str | None]
"""Zone and node of an endpoint."""

_NOTHING: Final = "-"
_NOWHERE: Final[Place] = (None, None)
_RESERVED: Final = " ,;:=@!{}/|"
_PORT: Final = re.compile(r"(?:(?P<name>[^=/:]*)=)?(?P<number>[0-9]{1,5})/(?P<protocol>[A-Z]+)(?::(?P<app>.*))?")
_ENDPOINT: Final = re.compile(
    r"(?P<address>[0-9A-Fa-f.:]+)(?:@(?P<place>[0-9]{1,4}))?(?:=(?P<hostname>[^=@!]+))?(?:!(?P<flags>r?s?t?))?"
)
_BRACES: Final = re.compile(r"(?P<start>[^{}]*)\{(?P<middles>[^{}]*)\}(?P<end>[^{}]*)")
_SLICE_FIELDS: Final = 4


def write_ports(ports: Iterable[Port]) -> str:
    return ",".join(map(_write_port, ports)) or _NOTHING


def _write_port(port: Port) -> str:
    name = f"{text.escape(port.name, _RESERVED)}=" if port.name else ""
    # An application protocol is the last thing of a port, so the usual slash and colon in it can stay.
    app = "" if port.app_protocol is None else ":" + text.escape(port.app_protocol, " ,;|")
    return f"{name}{port.number}/{port.protocol}{app}"


def read_ports(written: str) -> tuple[Port, ...]:
    return () if written == _NOTHING else tuple(map(_read_port, written.split(",")))


def _read_port(written: str) -> Port:
    match = _PORT.fullmatch(written)
    if not match or match["protocol"] not in Protocol.__members__:
        raise MalformedRecordError(f"{text.quoted(written)} is not a port")
    name, app = text.unescape(match["name"] or ""), match["app"]
    return Port(name, Protocol(match["protocol"]), int(match["number"]), None if app is None else text.unescape(app))


def write_slices(slices: Sequence[Slice]) -> tuple[str, str]:
    """Give the texts of places and of slices. Slices have no order, so a slice may be cut into several of its name."""
    found = {(endpoint.zone, endpoint.node) for item in slices for endpoint in item.endpoints} - {_NOWHERE}
    groups = _group(found)
    places = [place for group in groups for place in group]
    index = {place: f"@{position}" for position, place in enumerate(places)} | {_NOWHERE: ""}
    packed = ";".join(
        f"{text.escape(item.name, _RESERVED)}|{item.family}|{write_ports(item.ports)}|"
        + (",".join(_write_endpoint(endpoint, index) for endpoint in item.endpoints) or _NOTHING)
        for item in slices
    )
    return ";".join(map(_write_group, groups)), packed


def _group(places: Iterable[Place]) -> list[list[Place]]:
    """Bring together what shares a zone; a place without a node stands alone, since braces hold names only."""
    ordered = sorted(places, key=lambda place: [(part is not None, part or "") for part in place])
    return [list(group) for _, group in groupby(ordered, key=lambda place: (place[0], place[1] is None))]


def _write_group(group: Sequence[Place]) -> str:
    zone = text.escape_optional(group[0][0], _RESERVED)
    nodes = [text.escape_optional(node, _RESERVED) for _, node in group]
    if len(nodes) == 1:
        return f"{zone}={nodes[0]}"
    start = _common_start(nodes)
    rests = [node[len(start) :] for node in nodes]
    end = _common_start([rest[::-1] for rest in rests])[::-1]
    middles = ",".join(rest[: len(rest) - len(end)] for rest in rests)
    return f"{zone}={start}{{{middles}}}{end}"


def _common_start(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)
    pairs = zip(first, last, strict=False)
    return first[: next((i for i, (one, other) in enumerate(pairs) if one != other), len(first))]


def _read_places(written: str) -> list[Place]:
    return [place for group in written.split(";") for place in _read_group(group)] if written else []


def _read_group(written: str) -> Iterator[Place]:
    zone_text, separator, nodes = written.partition("=")
    if not separator:
        raise MalformedRecordError(f"{text.quoted(written)} is not a zone with its nodes")
    zone = text.unescape_optional(zone_text)
    match = _BRACES.fullmatch(nodes)
    if not match:
        yield zone, text.unescape_optional(nodes)
        return
    for middle in match["middles"].split(","):
        yield zone, text.unescape(f"{match['start']}{middle}{match['end']}")


def _write_endpoint(endpoint: Endpoint, index: dict[Place, str]) -> str:
    hostname = f"={text.escape(endpoint.hostname, _RESERVED)}" if endpoint.hostname else ""
    flags = ("r" if endpoint.ready else "") + ("s" if endpoint.serving else "") + ("t" if endpoint.terminating else "")
    state = "" if flags == "rs" else f"!{flags}"
    return f"{endpoint.address}{index[endpoint.zone, endpoint.node]}{hostname}{state}"


def _read_endpoint(written: str, places: Sequence[Place]) -> Endpoint:
    match = _ENDPOINT.fullmatch(written)
    if not match:
        raise MalformedRecordError(f"{text.quoted(written)} is not an endpoint")
    position = match["place"]
    if position is not None and int(position) >= len(places):
        raise MalformedRecordError(f"endpoint {text.quoted(written)} is at a place that is not listed")
    hostname = None if match["hostname"] is None else text.unescape(match["hostname"])
    flags = "rs" if match["flags"] is None else match["flags"]
    zone, node = _NOWHERE if position is None else places[int(position)]
    return Endpoint(match["address"], "r" in flags, "s" in flags, "t" in flags, hostname, node, zone)


def read_slices(places_text: str, slices_text: str) -> tuple[Slice, ...]:
    places = _read_places(places_text)
    return tuple(_read_slice(item, places) for item in slices_text.split(";")) if slices_text else ()


def _read_slice(written: str, places: Sequence[Place]) -> Slice:
    fields = written.split("|")
    if len(fields) != _SLICE_FIELDS or fields[1] not in {*Family}:
        raise MalformedRecordError(f"{text.quoted(written)} is not an EndpointSlice")
    name, family, ports, endpoints = text.unescape(fields[0]), Family(fields[1]), fields[2], fields[3]
    listed = () if endpoints == _NOTHING else endpoints.split(",")
    return Slice(name, family, read_ports(ports), tuple(_read_endpoint(item, places) for item in listed))


def join_slices(pieces: Iterable[Slice]) -> tuple[Slice, ...]:
    """Put together the pieces of slices that were cut, in any order."""
    joined: dict[str, Slice] = {}
    for piece in pieces:
        first = joined.setdefault(piece.name, replace(piece, endpoints=()))
        if (first.family, first.ports) != (piece.family, piece.ports):
            raise MalformedRecordError(f"two pieces of slice {text.quoted(piece.name)} differ in family or ports")
        joined[piece.name] = replace(first, endpoints=first.endpoints + piece.endpoints)
    return tuple(Slice.of(item.name, item.family, item.ports, item.endpoints) for item in joined.values())
