"""What samples come to: median and p95 of times, endpoint-seconds of two views that differ. Pure."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """Samples in the unit they were taken in; `p95` is the smallest sample that 95 of 100 do not exceed."""

    count: int
    median: float
    p95: float
    worst: float


def spread(samples: Sequence[float]) -> Spread:
    """Sum up samples; ValueError if there are none."""
    if not samples:
        raise ValueError("no samples, nothing to sum up")
    ordered = sorted(samples)
    return Spread(len(ordered), statistics.median(ordered), percentile(ordered, 95), ordered[-1])


def percentile(ordered: Sequence[float], percent: int) -> float:
    """Return the nearest-rank percentile of ascending samples."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


@dataclass(frozen=True, slots=True)
class Sighting:
    """From `at` (seconds) on, these were the live endpoints."""

    at: float
    endpoints: frozenset[str]


@dataclass(frozen=True, slots=True)
class Availability:
    """How a copy kept up with the truth.

    Endpoint-seconds: one endpoint that is missing for two seconds counts as much as two for one second. `fewest` is
    the lowest number of endpoints that were in the copy and live in truth.
    """

    missing_seconds: float
    stale_seconds: float
    fewest: int


def availability(truth: Sequence[Sighting], copy: Sequence[Sighting], until: float) -> Availability:
    """Compare two histories from the first moment that both have seen something; each in order of time."""
    changes = sorted({sighting.at for sighting in (*truth, *copy)} | {until})
    begin = max(truth[0].at, copy[0].at)
    moments = [at for at in changes if begin <= at <= until]
    missing = stale = 0.0
    fewest = len(_at(truth, begin) & _at(copy, begin))
    for at, following in itertools.pairwise(moments):
        live, held = _at(truth, at), _at(copy, at)
        missing += len(live - held) * (following - at)
        stale += len(held - live) * (following - at)
        fewest = min(fewest, len(live & held))
    return Availability(missing, stale, fewest)


def _at(history: Sequence[Sighting], moment: float) -> frozenset[str]:
    return next((sighting.endpoints for sighting in reversed(history) if sighting.at <= moment), frozenset())
