"""Read a key from the registry until the answer may be believed (architecture, freshness).

A stale answer of the data plane is read again for about a second; if the caller has been patient before, or is a
resync, the control plane decides instead, even for a lower generation (a rebuilt exporter) or for absence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from cloudmap_mcs.domain.freshness import stale_sources
from cloudmap_mcs.domain.imports import Note
from cloudmap_mcs.domain.model import ClusterId, Gap, Record, ServiceKey
from cloudmap_mcs.errors import MalformedRecordError
from cloudmap_mcs.ports import Clock, RegistryReader, SetAside

REREADS: Final = (0.05, 0.1, 0.2, 0.3, 0.4)
"""Seconds to wait before each further read of a stale answer: about one second in all."""


class Patience(Enum):
    """What to do about a stale answer."""

    REREAD = "read again, then come back later"
    DECIDE = "read again, then let the control plane decide"
    RESYNC = "let the control plane decide at once"


@dataclass(frozen=True, slots=True)
class Reading:
    """Records that may be believed but for the `stale` sources."""

    records: tuple[Record, ...]
    stale: frozenset[ClusterId]
    set_aside: tuple[SetAside, ...]

    @property
    def has_missing_parts(self) -> bool:
        """Tell whether a record was read whose parts have not arrived yet."""
        return any(record.content is Gap.INCOMPLETE and record.head for record in self.records)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads a key. `used` are records that were believed before: a still older answer says nothing new."""

    registry: RegistryReader
    clock: Clock
    used: Mapping[ClusterId, Record] = field(default_factory=dict)

    def remembering(self, reading: Reading) -> "Reader":
        """Give a reader that goes not behind a reading."""
        return replace(self, used={record.cluster: record for record in reading.records})

    def read(
        self, key: ServiceKey, floor: Mapping[ClusterId, Note], wanted: Mapping[ClusterId, int], patience: Patience
    ) -> Reading:
        """Read all records of a key, none of them older than what is known of its source if that can be had."""
        reading = self._once(key, floor, wanted)
        for pause in REREADS if patience is not Patience.RESYNC else ():
            if not reading.stale:
                return reading
            self.clock.sleep(pause)
            reading = self._once(key, floor, wanted)
        return reading if patience is Patience.REREAD else self._decided(key, floor, reading)

    def _once(self, key: ServiceKey, floor: Mapping[ClusterId, Note], wanted: Mapping[ClusterId, int]) -> Reading:
        answer = self.registry.discover(key)
        unreadable = {aside.instance for aside in answer.set_aside} - wanted.keys()
        found = [self._newer(record) for record in answer.records]
        found += [_unreadable(note) for source, note in floor.items() if source in unreadable]
        records = tuple(sorted(found, key=lambda record: record.cluster))
        return Reading(records, stale_sources(records, floor, wanted), answer.set_aside)

    def _newer(self, record: Record) -> Record:
        before = self.used.get(record.cluster)
        return before if before and before.generation > record.generation else record

    def _decided(self, key: ServiceKey, floor: Mapping[ClusterId, Note], reading: Reading) -> Reading:
        records = {record.cluster: record for record in reading.records if record.cluster not in reading.stale}
        for source in sorted(reading.stale):
            record = self._last_word(key, source, floor.get(source))
            if record:
                records[source] = record
        return Reading(tuple(records[source] for source in sorted(records)), frozenset(), reading.set_aside)

    def _last_word(self, key: ServiceKey, source: ClusterId, note: Note | None) -> Record | None:
        """Ask the control plane. What does not parse leaves what was made from it as it is, and hinders nobody else."""
        try:
            return self.registry.read(key, source, note.service_id if note else None)
        except MalformedRecordError:
            return _unreadable(note) if note else None


def _unreadable(note: Note) -> Record:
    """Stand in for a record that does not parse: what was made of its source stays, and nobody waits for it."""
    return Record(note.source, note.generation, Gap.INCOMPLETE, service_id=note.service_id)
