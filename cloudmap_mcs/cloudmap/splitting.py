"""Bodies that do not fit into one instance: cut into parts, listed by the head with digests, put together again.

A part's id is immutable: cluster id, generation and number of the write that made it. A part whose body is unchanged
keeps its id, so that a small change of a large record writes few parts.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from cloudmap_mcs.cloudmap import instances, text
from cloudmap_mcs.cloudmap.instances import Encoded, Envelope, Instance, Kind, PartRef
from cloudmap_mcs.domain.model import Slice
from cloudmap_mcs.errors import MalformedRecordError, OversizeError

Body = dict[str, str]
"""The attributes of a head or a part that hold its content."""

_PARTS: Final = "parts"
_PART_LIMIT: Final = 9_999
_DIGEST_LENGTH: Final = 20
_LISTED: Final = re.compile(r"([0-9]{1,13})\.([1-9][0-9]{0,3})=([0-9a-v]{20})")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Frame:
    """What every part of one record needs around its body, and what of earlier parts can be used again, by digest."""

    envelope: Envelope
    known: Mapping[str, PartRef]

    @property
    def room(self) -> Mapping[str, str]:
        return instances.write_envelope(_part_envelope(self.envelope))


def _part_envelope(envelope: Envelope) -> Envelope:
    return Envelope(Kind.PART, envelope.cluster, envelope.subject, envelope.generation)


def assemble(frame: Frame, head: Mapping[str, str], bodies: Sequence[Body]) -> Encoded:
    """Make the instances of a record whose body is in parts. Raises OversizeError if the head cannot list them all."""
    fresh, parts, listed = 0, [], []
    for body in bodies:
        found = digest(body)
        ref = frame.known.get(found)
        if ref is None:
            fresh += 1
            ref = PartRef(frame.envelope.generation, fresh, found)
        listed.append(ref)
        envelope = instances.write_envelope(_part_envelope(frame.envelope))
        parts.append(Instance(ref.id(frame.envelope.cluster), envelope | {"generation": str(ref.generation)} | body))
    attributes = dict(head)
    text.write_text(attributes, _PARTS, ",".join(f"{ref.generation}.{ref.number}={ref.digest}" for ref in listed))
    if fresh > _PART_LIMIT or not instances.fits(attributes):
        raise OversizeError(
            f"{frame.envelope.subject} in {frame.envelope.cluster} needs {len(listed):,} parts; "
            f"the record that lists them would have {instances.usage(attributes)}"
        )
    unique = {part.id: part for part in parts}
    return Encoded(Instance(frame.envelope.cluster, attributes), tuple(unique.values()))


def digest(body: Mapping[str, str]) -> str:
    """Fingerprint a body: 100 bits, so that a signature of the head can vouch for its parts."""
    canonical = "\n".join(f"{name}={body[name]}" for name in sorted(body))
    return base64.b32hexencode(hashlib.sha256(canonical.encode()).digest()).decode().lower()[:_DIGEST_LENGTH]


def listed_parts(head: Mapping[str, str]) -> tuple[PartRef, ...]:
    """Read which parts a head lists. Raises MalformedRecordError."""
    return tuple(_read_listed(item) for item in written.split(",")) if (written := text.read_text(head, _PARTS)) else ()


def _read_listed(written: str) -> PartRef:
    match = _LISTED.fullmatch(written)
    if not match:
        raise MalformedRecordError(f"{text.quoted(written)} does not name a part")
    return PartRef(int(match[1]), int(match[2]), match[3])


def collect(
    envelope: Envelope, head: Mapping[str, str], parts: Mapping[str, Instance], names: Sequence[str]
) -> list[Body] | None:
    """Give the body of the head and of every part it lists; None if a part is missing or is not the one listed.

    `names` are the attributes that make up a body; others are not looked at.
    """
    bodies = [body(head, names)]
    for ref in listed_parts(head):
        part = parts.get(ref.id(envelope.cluster))
        found = None if part is None else body(part.attributes, names)
        if found is None or digest(found) != ref.digest:
            return None
        bodies.append(found)
    return bodies


def body(attributes: Mapping[str, str], names: Sequence[str]) -> Body:
    """Pick out the attributes that hold content: those of the given names, with their continuations."""
    return {key: value for key, value in attributes.items() if key.partition(".")[0] in names}


def cut(items: Sequence[T], fit: Callable[[Sequence[T]], bool]) -> list[Sequence[T]]:
    """Cut a sequence into the longest pieces that fit. Raises OversizeError if a single item does not."""
    pieces: list[Sequence[T]] = []
    rest = items
    while rest:
        length = _longest(rest, fit)
        if not length:
            raise OversizeError("a single item does not fit into a part")
        pieces.append(rest[:length])
        rest = rest[length:]
    return pieces


def _longest(items: Sequence[T], fit: Callable[[Sequence[T]], bool]) -> int:
    """Find, by halving, a length that fits while one more does not."""
    low, high = 0, len(items)
    if fit(items):
        return high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fit(items[:middle]) else (low, middle)
    return low


def cut_slices(slices: Sequence[Slice], fit: Callable[[Sequence[Slice]], bool]) -> list[Sequence[Slice]]:
    """Distribute slices over parts: whole ones together as far as they fit, larger ones cut between endpoints."""
    full: list[Sequence[Slice]] = []
    current: list[Slice] = []
    for item in slices:
        if current and not fit([*current, item]):
            full.append(current)
            current = []
        pieces = [item] if fit([*current, item]) else _cut_slice(item, fit)
        full.extend([piece] for piece in pieces[:-1])
        current.append(pieces[-1])
    return [*full, current] if current else full


def _cut_slice(item: Slice, fit: Callable[[Sequence[Slice]], bool]) -> list[Slice]:
    def with_endpoints(endpoints: Sequence[object]) -> Slice:
        return Slice(item.name, item.family, item.ports, tuple(endpoints))  # type: ignore[arg-type]

    if not item.endpoints or not fit([with_endpoints(item.endpoints[:1])]):
        raise OversizeError(f"slice {item.name}: its {len(item.ports)} ports do not fit into a part")
    return [with_endpoints(piece) for piece in cut(item.endpoints, lambda piece: fit([with_endpoints(piece)]))]
