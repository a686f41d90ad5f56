"""What the registry has acknowledged of this cluster's own records, and the brake on losing many at once."""

import threading
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from cloudmap_mcs.domain import brake
from cloudmap_mcs.domain.model import Record, ServiceKey

DISBELIEF_MS: Final = 120_000
"""How long a large loss of exports must stay so before it is believed."""


class Unread(Enum):
    """The registry has not been asked about a key yet, or must be asked again."""

    UNREAD = "unread"


@dataclass(slots=True)
class Ledger:
    """Thread-safe. Entries are records as acknowledged, or None where the registry holds none."""

    _records: dict[ServiceKey, Record | None] = field(default_factory=dict)
    _doubted: set[ServiceKey] = field(default_factory=set)
    _missing: dict[ServiceKey, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def known(self, key: ServiceKey) -> Record | Unread | None:
        with self._lock:
            return Unread.UNREAD if key in self._doubted else self._records.get(key, Unread.UNREAD)

    def acknowledge(self, key: ServiceKey, record: Record | None) -> None:
        with self._lock:
            self._records[key] = record
            self._doubted.discard(key)
            if record and record.is_exporter:
                self._missing.pop(key, None)

    def doubt(self) -> frozenset[ServiceKey]:
        """Have the registry asked again about every key; they count as they were until then. Returns them."""
        with self._lock:
            self._doubted = set(self._records)
            return frozenset(self._doubted)

    def is_known(self, key: ServiceKey) -> bool:
        """Tell whether the registry has ever been asked about a key."""
        with self._lock:
            return key in self._records

    def exported(self) -> frozenset[ServiceKey]:
        """Give the keys that have a record in the registry, tombstones too, as far as known."""
        with self._lock:
            return frozenset(key for key, record in self._records.items() if record)

    def found(self, key: ServiceKey) -> None:
        """Note that a key is on offer (again)."""
        with self._lock:
            self._missing.pop(key, None)

    def disbelief(self, key: ServiceKey, now_ms: int) -> float:
        """Give the seconds to wait before the loss of a key is believed: 0 unless many were lost of late.

        Counts what was lost in the last two minutes, withdrawn or not, against all that is exported.
        """
        with self._lock:
            since = self._missing.setdefault(key, now_ms)
            self._missing = {lost: at for lost, at in self._missing.items() if self._is_recent(lost, at, now_ms)}
            live = sum(
                1 for lost, record in self._records.items() if (record and record.is_exporter) or lost in self._missing
            )
            if not brake.holds(len(self._missing), live):
                return 0.0
            return max(0.0, (since + DISBELIEF_MS - now_ms) / 1000)

    def _is_recent(self, key: ServiceKey, at: int, now_ms: int) -> bool:
        record = self._records.get(key)
        return now_ms - at < DISBELIEF_MS or bool(record and record.is_exporter)
