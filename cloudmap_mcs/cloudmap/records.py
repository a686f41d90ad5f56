"""The export record: one cluster's offer of one service as Cloud Map instances, and back.

The head carries everything but what does not fit; then all slices move to parts. `docs/wire-format.md` is the
reference; the golden files in `tests/wire/v1` hold it still.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from cloudmap_mcs.cloudmap import admission, instances, packing, splitting, text
from cloudmap_mcs.cloudmap.instances import Encoded, Envelope, Instance, Kind, PartRef
from cloudmap_mcs.domain.model import (
    Affinity,
    Export,
    Family,
    Gap,
    Pairs,
    Record,
    ServiceKey,
    ServiceType,
    Slice,
    pairs,
)
from cloudmap_mcs.errors import InvalidError, MalformedRecordError, OversizeError

BODY: Final = ("places", "slices")
"""Attributes that hold slices, in a head or in parts."""

_NO_PARTS: Final[Mapping[str, PartRef]] = {}

C = TypeVar("C", ServiceType, Affinity, Family)


def encode(key: ServiceKey, record: Record, known: Mapping[str, PartRef] = _NO_PARTS) -> Encoded:
    """Write a record as instances. `known` are parts in the registry, by digest, that may be listed again.

    Raises OversizeError, with the numbers, if it cannot fit, and InvalidError if it has what every reader would set
    aside (`admission`; objects from before an API server checked that). The record must be whole: an Export or a
    tombstone.
    """
    if record.content is Gap.INCOMPLETE:
        raise ValueError(f"{key} of {record.cluster}: an incomplete record cannot be written")
    if not 0 <= record.generation <= instances.GENERATION_LIMIT:
        raise OversizeError(f"generation {record.generation} of {key} is above {instances.GENERATION_LIMIT}")
    is_export = isinstance(record.content, Export)
    kind = Kind.EXPORT if is_export else Kind.TOMBSTONE
    envelope = Envelope(kind, record.cluster, str(key), record.generation, record.owner, record.service_id)
    attributes = instances.write_envelope(envelope)
    if not isinstance(record.content, Export):
        return Encoded(Instance(record.cluster, attributes))
    if problem := admission.problem(record.content):
        raise InvalidError(f"{key} of {record.cluster} could be imported nowhere: {problem}")
    return _encode_export(envelope, record.content, known)


def _encode_export(envelope: Envelope, export: Export, known: Mapping[str, PartRef]) -> Encoded:
    head = instances.write_envelope(envelope) | _write_head(export)
    if not instances.fits(head):
        raise OversizeError(_too_long(export, head))
    whole = head | _write_body(export.slices)
    if instances.fits(whole):
        return Encoded(Instance(envelope.cluster, whole))
    frame = splitting.Frame(envelope, known)
    room = frame.room
    cut = splitting.cut_slices(export.slices, lambda slices: instances.fits({**room, **_write_body(slices)}))
    return splitting.assemble(frame, head, [_write_body(slices) for slices in cut])


def _too_long(export: Export, head: Mapping[str, str]) -> str:
    lengths = {name: len(text.read_text(head, name)) for name in ("labels", "annotations", "ports")}
    shown = ", ".join(f"{name} {length:,}" for name, length in lengths.items())
    return f"{export.key} in {export.cluster} does not fit: {instances.usage(head)} (of them {shown} characters)"


def _write_head(export: Export) -> dict[str, str]:
    attributes = {"created": str(export.created), "type": str(export.type)}
    fields = {
        "families": ",".join(export.families),
        "ports": packing.write_ports(export.ports) if export.ports else "",
        "affinity": "" if export.affinity is Affinity.NONE else str(export.affinity),
        "affinity-timeout": "" if export.affinity_timeout is None else str(export.affinity_timeout),
        "internal-traffic-policy": text.escape(export.internal_traffic_policy or "", ""),
        "traffic-distribution": text.escape(export.traffic_distribution or "", ""),
        "labels": _write_pairs(export.labels),
        "annotations": _write_pairs(export.annotations),
    }
    for name, written in fields.items():
        text.write_text(attributes, name, written)
    return attributes


def _write_pairs(mapping: Pairs) -> str:
    return ";".join(f"{text.escape(name, ';=')}={text.escape(value, ';')}" for name, value in mapping)


def _write_body(slices: Sequence[Slice]) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for name, written in zip(BODY, packing.write_slices(slices), strict=True):
        text.write_text(attributes, name, written)
    return attributes


def decode(key: ServiceKey, head: Instance, parts: Mapping[str, Instance]) -> Record:
    """Read a record back from its head and whatever parts there are, by instance id.

    INCOMPLETE if a listed part is missing or the format is newer. Raises MalformedRecordError for everything that
    does not parse, that is not what its place says (another cluster's, another service's), or that no API server would
    take (`admission`).
    """
    envelope = instances.read_envelope(head)
    if envelope.cluster != head.id:
        raise MalformedRecordError(f"says that it is of cluster {envelope.cluster}")
    if envelope.subject != str(key):
        raise MalformedRecordError(f"says that it is of service {text.quoted(envelope.subject)}")
    record = Record(
        envelope.cluster, envelope.generation, Gap.INCOMPLETE, owner=envelope.owner, service_id=envelope.service_id
    )
    if envelope.is_newer:
        return record
    if envelope.kind is Kind.TOMBSTONE:
        return replace(record, content=Gap.UNEXPORTED)
    if envelope.kind is not Kind.EXPORT:
        raise MalformedRecordError(f"is a {envelope.kind}, not an export record")
    return _with_export(record, _read_head(key, envelope, head.attributes), envelope, head, parts)


def _with_export(
    record: Record, export: Export, envelope: Envelope, head: Instance, parts: Mapping[str, Instance]
) -> Record:
    bodies = splitting.collect(envelope, head.attributes, parts, BODY)
    if bodies is None:
        return replace(record, head=_admitted(export))
    pieces = [
        piece
        for body in bodies
        for piece in packing.read_slices(text.read_text(body, "places"), text.read_text(body, "slices"))
    ]
    return replace(record, content=_admitted(export.with_slices(packing.join_slices(pieces))))


def _admitted(export: Export) -> Export:
    if problem := admission.problem(export):
        raise MalformedRecordError(problem)
    return export


def _read_head(key: ServiceKey, envelope: Envelope, attributes: Mapping[str, str]) -> Export:
    def optional(name: str) -> str | None:
        return text.unescape(text.read_text(attributes, name)) or None

    timeout = attributes.get("affinity-timeout")
    ports = text.read_text(attributes, "ports")
    return Export(
        key=key,
        cluster=envelope.cluster,
        created=text.number(attributes.get("created", ""), "created"),
        type=_choice(ServiceType, attributes.get("type", "")),
        ports=packing.read_ports(ports) if ports else (),
        families=_read_families(attributes.get("families", "")),
        affinity=_choice(Affinity, attributes.get("affinity", Affinity.NONE)),
        affinity_timeout=None if timeout is None else text.number(timeout, "affinity-timeout"),
        internal_traffic_policy=optional("internal-traffic-policy"),
        traffic_distribution=optional("traffic-distribution"),
        labels=_read_pairs(text.read_text(attributes, "labels")),
        annotations=_read_pairs(text.read_text(attributes, "annotations")),
    )


def _choice(kind: type[C], written: str) -> C:
    try:
        return kind(written)
    except ValueError as error:
        raise MalformedRecordError(f"{text.quoted(written)} is none of {', '.join(kind)}") from error


def _read_families(written: str) -> tuple[Family, ...]:
    families = tuple(_choice(Family, item) for item in written.split(",")) if written else ()
    if len(set(families)) != len(families):
        raise MalformedRecordError(f"families {text.quoted(written)} repeat")
    return families


def _read_pairs(written: str) -> Pairs:
    found: dict[str, str] = {}
    for item in written.split(";") if written else ():
        name, separator, value = item.partition("=")
        if not separator:
            raise MalformedRecordError(f"{text.quoted(item)} is not a name and a value")
        found[text.unescape(name)] = text.unescape(value)
    return pairs(found)
