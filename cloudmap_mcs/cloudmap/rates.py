"""Client-side token buckets: this cluster's share of the account's Cloud Map rates.

A throttled call halves its bucket's rate at once; what was taken away comes back within a minute.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cloudmap_mcs.cloudmap.timing import Timer

RATES: Final[Mapping[str, tuple[float, float]]] = {
    "DiscoverInstances": (1_000, 2_000),
    "RegisterInstance": (50, 100),
    "DeregisterInstance": (50, 100),
    "GetOperation": (100, 200),
    "GetInstance": (50, 100),
    "ListInstances": (50, 100),
    "ListServices": (2, 10),
    "ListNamespaces": (0.5, 5),
    "CreateService": (5, 50),
    "DeleteService": (5, 50),
    "GetService": (50, 100),
    "GetNamespace": (5, 50),
}
"""Operation → calls per second and burst of one account in one Region.

DiscoverInstances: Cloud Map developer guide, quotas. The control plane's are unpublished: those of the public Go MCS
controller's limiter, ListInstances as observed by external-dns, the other Get calls assumed to be like it.
"""

_RECOVERY_SECONDS: Final = 60.0
_FLOOR: Final = 0.05


@dataclass(slots=True)
class _Bucket:
    full_rate: float
    burst: float
    tokens: float
    rate: float
    filled_at: float

    def refill(self, now: float) -> None:
        passed = max(0.0, now - self.filled_at)
        self.filled_at = now
        self.tokens = min(self.burst, self.tokens + passed * self.rate)
        self.rate = min(self.full_rate, self.rate + passed * self.full_rate / _RECOVERY_SECONDS)


class Buckets:
    """One bucket per operation, shared by threads; each is served in the order of asking."""

    def __init__(self, members: int, timer: Timer, rates: Mapping[str, tuple[float, float]] = RATES) -> None:
        share = 1 / max(1, members)
        now = timer.seconds()
        self._timer = timer
        self._lock = threading.Lock()
        self._buckets = {
            operation: _Bucket(rate * share, max(1.0, burst * share), max(1.0, burst * share), rate * share, now)
            for operation, (rate, burst) in rates.items()
        }

    def acquire(self, operation: str) -> None:
        """Wait until a call of the operation may be made."""
        with self._lock:
            bucket = self._buckets[operation]
            bucket.refill(self._timer.seconds())
            bucket.tokens -= 1
            wait = -bucket.tokens / bucket.rate
        if wait > 0:
            self._timer.sleep(wait)

    def shrink(self, operation: str) -> None:
        """Take note that the account's rate was exceeded."""
        with self._lock:
            bucket = self._buckets[operation]
            bucket.refill(self._timer.seconds())
            bucket.rate = max(bucket.full_rate * _FLOOR, bucket.rate / 2)
            bucket.tokens = min(bucket.tokens, 0.0)

    def rate(self, operation: str) -> float:
        """Give the calls per second that are allowed now."""
        with self._lock:
            bucket = self._buckets[operation]
            bucket.refill(self._timer.seconds())
            return bucket.rate
