"""A cluster's entry in the reserved service `members`: who it is, what it can read, which keys it exports."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final

from cloudmap_mcs.cloudmap import instances, splitting, text
from cloudmap_mcs.cloudmap.instances import Encoded, Envelope, Instance, Kind, PartRef
from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.domain.names import MEMBERS
from cloudmap_mcs.errors import MalformedRecordError, OversizeError
from cloudmap_mcs.ports import Member

BODY: Final = ("keys",)
"""Attributes that hold keys, in a head or in parts."""

_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def encode(member: Member, *, generation: int, service_id: str, known: Mapping[str, PartRef]) -> Encoded:
    """Write an entry. `generation` is above that of every instance it replaces; `known` as for export records.

    Raises OversizeError if the keys do not fit.
    """
    envelope = Envelope(Kind.MEMBER, member.cluster, MEMBERS, generation, member.owner, service_id)
    head = instances.write_envelope(envelope)
    text.write_text(head, "version", text.escape(member.version, " "))
    text.write_text(head, "formats", ",".join(map(str, member.formats)))
    text.write_text(head, "heartbeat", str(member.heartbeat))
    keys = sorted(member.keys)
    whole = head | _write_body(keys)
    if instances.fits(whole):
        return Encoded(Instance(member.cluster, whole))
    if not instances.fits(head):
        raise OversizeError(f"the entry of {member.cluster} in {MEMBERS} does not fit: {instances.usage(head)}")
    frame = splitting.Frame(envelope, known)
    room = frame.room
    cut = splitting.cut(keys, lambda piece: instances.fits({**room, **_write_body(piece)}))
    return splitting.assemble(frame, head, [_write_body(piece) for piece in cut])


def _write_body(keys: Sequence[ServiceKey]) -> dict[str, str]:
    attributes: dict[str, str] = {}
    groups = groupby(keys, key=lambda key: key.namespace)
    text.write_text(
        attributes, "keys", ";".join(f"{space}={','.join(k.name for k in group)}" for space, group in groups)
    )
    return attributes


def decode(head: Instance, parts: Mapping[str, Instance]) -> Member:
    """Read an entry back; incomplete if a listed part is missing or the format is newer.

    Raises MalformedRecordError for everything that does not parse or is not what its place says.
    """
    envelope = instances.read_envelope(head)
    if envelope.cluster != head.id or envelope.subject != MEMBERS:
        raise MalformedRecordError(f"says that it is of {envelope.cluster} in {text.quoted(envelope.subject)}")
    if envelope.is_newer:
        return unreadable(envelope)
    if envelope.kind is not Kind.MEMBER:
        raise MalformedRecordError(f"is a {envelope.kind}, not a member")
    bodies = splitting.collect(envelope, head.attributes, parts, BODY)
    keys = [_read_keys(text.read_text(body, "keys")) for body in bodies or ()]
    return Member(
        cluster=envelope.cluster,
        owner=envelope.owner,
        version=text.unescape(text.read_text(head.attributes, "version")),
        formats=_read_formats(head.attributes.get("formats", "")),
        heartbeat=text.number(head.attributes.get("heartbeat", ""), "heartbeat"),
        keys=frozenset().union(*keys),
        complete=bodies is not None,
    )


def unreadable(envelope: Envelope) -> Member:
    """Say of a member only what every format says."""
    return Member(envelope.cluster, envelope.owner, "", (), 0, frozenset(), complete=False)


def _read_formats(written: str) -> tuple[int, ...]:
    return tuple(text.number(item, "format", low=1) for item in written.split(",")) if written else ()


def _read_keys(written: str) -> frozenset[ServiceKey]:
    return frozenset(_parse_keys(written.split(";") if written else ()))


def _parse_keys(groups: Iterable[str]) -> Iterable[ServiceKey]:
    for group in groups:
        namespace, _, names = group.partition("=")
        for name in names.split(","):
            if not _LABEL.fullmatch(namespace) or not _LABEL.fullmatch(name):
                raise MalformedRecordError(f"{text.quoted(namespace)}/{text.quoted(name)} is not a service")
            yield ServiceKey(namespace, name)
