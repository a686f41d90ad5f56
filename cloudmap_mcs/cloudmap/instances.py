"""A Cloud Map instance: its limits, and the attributes that every instance of ours carries in every format."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from cloudmap_mcs.cloudmap import text
from cloudmap_mcs.domain.model import ClusterId, cluster_id
from cloudmap_mcs.errors import MalformedRecordError, PermanentError

FORMAT: Final = 1
"""The wire format that this version writes, and the newest that it reads."""

ID_LIMIT: Final = 64
ATTRIBUTES_LIMIT: Final = 30
TOTAL_LIMIT: Final = 5_000
"""Limits of an instance: characters of its id, number of attributes, characters of all keys and values together."""

SIGNATURE_RESERVE: Final = 150
"""Characters, key included, and one attribute that are left free for a signature."""

GENERATION_LIMIT: Final = 9_999_999_999_999

_OWNER: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_SERVICE_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_FORMAT: Final = re.compile(r"[1-9][0-9]{0,5}")
_PART_ID: Final = re.compile(r"([a-z0-9-]{1,45}):([0-9]{1,13})\.([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Instance:
    """A Cloud Map instance as the API takes and gives it."""

    id: str
    attributes: Mapping[str, str]


class Kind(StrEnum):
    """What an instance of ours is."""

    EXPORT = "export"
    TOMBSTONE = "tombstone"
    MEMBER = "member"
    PART = "part"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every format keeps as it is, so that a reader knows at least whose, of what and how new a record is.

    `subject` is `namespace/name` of the exported Service, or `members`. `kind` is None in a newer format, whose kinds
    may be others.
    """

    kind: Kind | None
    cluster: ClusterId
    subject: str
    generation: int
    owner: str = ""
    service_id: str = ""
    format: int = FORMAT

    @property
    def is_newer(self) -> bool:
        return self.format > FORMAT


@dataclass(frozen=True, slots=True, order=True)
class PartRef:
    """A part as its head lists it. An id is never used for two contents; the digest proves it."""

    generation: int
    number: int
    digest: str

    def id(self, cluster: ClusterId) -> str:
        return f"{cluster}:{self.generation}.{self.number}"


@dataclass(frozen=True, slots=True)
class Encoded:
    """A record as instances: parts are to be written before the head, parts no longer listed removed after it."""

    head: Instance
    parts: tuple[Instance, ...] = ()


@dataclass(frozen=True, slots=True)
class Address:
    """What the id of a part says."""

    cluster: str
    generation: int
    number: int

    @classmethod
    def of_part(cls, instance_id: str) -> Self | None:
        match = _PART_ID.fullmatch(instance_id)
        return match and cls(match[1], int(match[2]), int(match[3]))


def size(attributes: Mapping[str, str]) -> int:
    """Count the characters that count towards the limit of 5,000."""
    return sum(len(name) + len(value) for name, value in attributes.items())


def fits(attributes: Mapping[str, str]) -> bool:
    """Say whether attributes leave the room for a signature. Values are within their limit by `text.write_text`."""
    return size(attributes) <= TOTAL_LIMIT - SIGNATURE_RESERVE and len(attributes) < ATTRIBUTES_LIMIT


def usage(attributes: Mapping[str, str]) -> str:
    """Give the numbers for an OversizeError."""
    return (
        f"{size(attributes):,} of at most {TOTAL_LIMIT - SIGNATURE_RESERVE:,} characters, "
        f"{len(attributes)} of at most {ATTRIBUTES_LIMIT - 1} attributes"
    )


def is_ours(instance: Instance) -> bool:
    return "format" in instance.attributes


def write_envelope(envelope: Envelope) -> dict[str, str]:
    """Start an instance's attributes. Empty owner and service id are left out."""
    attributes = {
        "format": str(envelope.format),
        "kind": str(envelope.kind or ""),
        "cluster": envelope.cluster,
        "service": envelope.subject,
        "generation": str(envelope.generation),
        "owner": envelope.owner,
        "service-id": envelope.service_id,
    }
    return {name: value for name, value in attributes.items() if value}


def read_envelope(instance: Instance) -> Envelope:
    """Read the attributes that all formats share. Raises MalformedRecordError."""
    attributes = instance.attributes
    written = attributes.get("format", "")
    if not _FORMAT.fullmatch(written):
        raise MalformedRecordError(f"format {text.quoted(written)} is not a positive number")
    return Envelope(
        kind=_kind(attributes.get("kind", "")) if int(written) <= FORMAT else None,
        cluster=_cluster(attributes.get("cluster", "")),
        subject=attributes.get("service", ""),
        generation=text.number(attributes.get("generation", ""), "generation"),
        owner=_identifier(attributes, "owner", _OWNER),
        service_id=_identifier(attributes, "service-id", _SERVICE_ID),
        format=int(written),
    )


def _kind(written: str) -> Kind:
    try:
        return Kind(written)
    except ValueError as error:
        raise MalformedRecordError(f"kind {text.quoted(written)} is none of {', '.join(Kind)}") from error


def _cluster(written: str) -> ClusterId:
    try:
        return cluster_id(written)
    except PermanentError as error:
        raise MalformedRecordError(f"cluster {text.quoted(written)} is not a cluster id") from error


def _identifier(attributes: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> str:
    written = attributes.get(name, "")
    if written and not pattern.fullmatch(written):
        raise MalformedRecordError(f"{name} {text.quoted(written)} is not an identifier")
    return written
