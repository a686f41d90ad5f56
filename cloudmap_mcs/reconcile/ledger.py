"""What the registry has acknowledged of this cluster's own records, and the brake on losing many at once."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from cloudmap_mcs.domain import brake
from cloudmap_mcs.domain.model import Gap, Record, ServiceKey

DISBELIEF_MS: Final = 120_000
"""How long a large loss of exports must stay so before it is believed."""

SUDDEN_MS: Final = 10_000
"""Losses so close to each other are one loss; people and test suites that unexport one by one are slower."""


class Unread(Enum):
    """The registry has not been asked about a key yet, or must be asked again."""

    UNREAD = "unread"


@dataclass(slots=True)
class Ledger:
    """Thread-safe. Entries are records as acknowledged, or None where the registry holds none."""

    _records: dict[ServiceKey, Record | None] = field(default_factory=dict)
    _inherited: set[ServiceKey] = field(default_factory=set)
    _doubted: set[ServiceKey] = field(default_factory=set)
    _missing: dict[ServiceKey, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def inherit(self, keys: Iterable[ServiceKey]) -> None:
        """Note what an earlier watcher had exported: it counts as exported until the registry is asked about it."""
        with self._lock:
            self._inherited = set(keys) - self._records.keys()

    def known(self, key: ServiceKey) -> Record | Unread | None:
        with self._lock:
            return Unread.UNREAD if key in self._doubted else self._records.get(key, Unread.UNREAD)

    def last(self, key: ServiceKey) -> Record | Unread | None:
        """Give what was known last, in doubt or not."""
        with self._lock:
            return self._records.get(key, Unread.UNREAD)

    def acknowledge(self, key: ServiceKey, record: Record | None) -> None:
        with self._lock:
            self._records[key] = record
            self._inherited.discard(key)
            self._doubted.discard(key)

    def attempted(self, key: ServiceKey, record: Record) -> None:
        """Note that a write may or may not have arrived: whatever is wanted next must be written."""
        self.acknowledge(key, replace(record, content=Gap.INCOMPLETE))

    def distrust(self, key: ServiceKey) -> None:
        """Have the registry asked again about a key; it counts as it was until then."""
        with self._lock:
            self._doubted.add(key)

    def doubt(self) -> frozenset[ServiceKey]:
        """Distrust every key that has a record, and return them; forget those that have none."""
        with self._lock:
            self._records = {key: record for key, record in self._records.items() if record}
            self._doubted = set(self._records)
            return frozenset(self._doubted)

    def exported(self) -> frozenset[ServiceKey]:
        """Give the keys that have a record in the registry, tombstones too, as far as known."""
        with self._lock:
            return frozenset(key for key, record in self._records.items() if record) | self._inherited

    def found(self, key: ServiceKey) -> None:
        """Note that a key is on offer (again), or that nobody asks for it any more."""
        with self._lock:
            self._missing.pop(key, None)

    def disbelief(self, key: ServiceKey, is_lost: Callable[[ServiceKey], bool], now_ms: int) -> float:
        """Give the seconds to wait before the loss of a key is believed: 0 unless many were lost of late.

        Counts what `is_lost` of all that is exported, and what was withdrawn in the last seconds, so that the first
        of many is held like the last.
        """
        with self._lock:
            live = self._live()
        lost = {other for other in live if is_lost(other)} | {key}
        with self._lock:
            gone = {
                other: at
                for other, at in self._missing.items()
                if other in lost or (other not in live and now_ms - at < SUDDEN_MS)
            }
            self._missing = {**dict.fromkeys(lost, now_ms), **gone}
            if not brake.holds(len(self._missing), len(live | self._missing.keys())):
                return 0.0
            return max(0.0, (self._missing[key] + DISBELIEF_MS - now_ms) / 1000)

    def _live(self) -> set[ServiceKey]:
        return self._inherited | {key for key, record in self._records.items() if record and record.is_exporter}
