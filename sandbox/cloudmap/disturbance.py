"""What goes wrong on purpose: latency, throttling and faults, decided per call; pure, time and randomness are given."""

import random
from dataclasses import dataclass
from typing import Literal

from sandbox.cloudmap.chance import Draws
from sandbox.cloudmap.errors import ApiError
from sandbox.cloudmap.model import Caller
from sandbox.cloudmap.settings import Fault, Rate, Settings

_DATA_PLANE = frozenset({"DiscoverInstances", "DiscoverInstancesRevision"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to one call besides its answer: an error instead of it, or a closed connection."""

    error: ApiError | None = None
    drop: Literal["before", "after"] | None = None


_UNDISTURBED = Verdict()


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled: float


class Disturbance:
    """Applies the settings' latency, token buckets and faults."""

    def __init__(self, settings: Settings, rng: random.Random) -> None:
        self._rng = rng
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Use other settings; buckets are full and counts of faults start again."""
        self._settings = settings
        self._faults: Draws[Fault] = Draws(settings.faults, self._rng)
        self._buckets: dict[tuple[Caller, str], _Bucket] = {}

    def latency(self, operation: str) -> float:
        """Return how many seconds this call takes."""
        table = self._settings.latency
        delay = table.get(operation) or table.get("*")
        return 0.0 if delay is None else delay.fixed + self._rng.uniform(0, delay.jitter)

    def judge(self, operation: str, caller: Caller, access_key: str, now: float) -> Verdict:
        """Decide about one call at `now`; takes a token, and counts a fault that strikes."""
        if not self._take(operation, caller, now):
            code = "RequestLimitExceeded" if operation in _DATA_PLANE else self._settings.throttle_error
            return Verdict(ApiError(code, f"Rate exceeded for {operation}."))
        fault = self._faults.strike(
            lambda rule: rule.operation in ("*", operation) and rule.access_key in (None, access_key)
        )
        if fault is None:
            return _UNDISTURBED
        if fault.drop is not None:
            return Verdict(drop=fault.drop)
        return Verdict(ApiError(fault.error or "InternalFailure", f"Injected into {operation}."))

    def _take(self, operation: str, caller: Caller, now: float) -> bool:
        table = self._settings.throttle
        rate: Rate | None = table.get(operation) or table.get("*")
        if rate is None:
            return True
        bucket = self._buckets.setdefault((caller, operation), _Bucket(rate.burst, now))
        bucket.tokens = min(rate.burst, bucket.tokens + max(0.0, now - bucket.filled) * rate.rate)
        bucket.filled = max(now, bucket.filled)
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True
