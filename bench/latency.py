"""How long one change takes: from the exporting cluster's watch event to the importing cluster's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bench.changes import Change, await_result, endpoints_changed, exported, take, unexported
from bench.ground import Ground, pause
from bench.numbers import spread
from bench.tables import Table, milliseconds, verdict
from bench.workload import Backend, backends

MEDIAN_GOAL: Final = 0.150
P95_GOAL: Final = 0.400
"""Seconds on top of the operation delay."""

_NOTE: Final = (
    "Time from the exporting cluster's watch event of the change to the importing cluster's watch event of the "
    "result. New export: ServiceImport with its IP and the slice; unexport: ServiceImport, slice and derived "
    "Service gone. D is the time that Cloud Map's operations take; goals: median ≤ D + 150 ms, p95 ≤ D + 400 ms."
)
_WARM_UP_ROUNDS: Final = 2
_ENDPOINTS: Final = 10
_ON_AND_OFF: Final = tuple(f"on-and-off-{number}" for number in range(5))
"""Services that are unexported in turn and exported again together.

So few that the watcher's brake on losing many exports within two minutes has no reason to hold.
"""


def measure(ground: Ground) -> list[Table]:
    """Measure every kind of change at every delay."""
    _prepare(ground)
    rows: list[tuple[str, ...]] = []
    lost = 0
    for delay in ground.effort.delays:
        ground.set_delay(delay)
        samples = _sampled(ground, delay)
        for kind, seconds in samples.items():
            lost += ground.effort.samples - len(seconds)
            rows.append(_row(kind, delay, seconds))
    notes = [_NOTE]
    if lost:
        notes.append(f"{lost} changes had no result within 30 s and are not in the numbers.")
    columns = ("change", "D", "samples", "median", "p95", "worst", "median - D", "p95 - D", "goals met")
    return [Table("One change at a time", columns, tuple(rows), tuple(notes))]


def _prepare(ground: Ground) -> None:
    for service in _ON_AND_OFF:
        ground.route.source.make_service(service, backends(_ENDPOINTS))
        ground.must(exported(ground.route, service))


def _sampled(ground: Ground, delay: int) -> dict[str, list[float]]:
    samples: dict[str, list[float]] = {}
    for number in range(-_WARM_UP_ROUNDS, ground.effort.samples):
        for kind, change in _round(ground, delay, number + _WARM_UP_ROUNDS):
            took = take(ground.route, change)
            pause()
            if took and number >= 0:
                samples.setdefault(kind, []).append(took.seconds)
        if number >= 0 and (number + 1) % 10 == 0:
            medians = ", ".join(f"{kind} {spread(taken).median * 1000:.0f}" for kind, taken in samples.items())
            ground.say(f"  D {delay} ms, {number + 1} of {ground.effort.samples} rounds; medians in ms: {medians}")
    _export_again(ground)
    return samples


def _round(ground: Ground, delay: int, number: int) -> Iterator[tuple[str, Change]]:
    """Give one change of each kind; the Service of all but the last was never exported before."""
    service, before = f"latency-{delay}-{number}", backends(_ENDPOINTS)
    extra = backends(1, start=_ENDPOINTS)[0]
    ground.route.source.make_service(service, before)
    yield "new export", exported(ground.route, service)
    yield "endpoint added", endpoints_changed(ground.route, service, (*before, extra))
    flipped = Backend(extra.address, is_ready=False)
    yield "readiness flip", endpoints_changed(ground.route, service, (*before, flipped))
    yield "endpoint removed", endpoints_changed(ground.route, service, before)
    turn = number % len(_ON_AND_OFF)
    yield "unexport", unexported(ground.route, _ON_AND_OFF[turn])
    if turn == len(_ON_AND_OFF) - 1:
        _export_again(ground)


def _export_again(ground: Ground) -> None:
    there = ground.route.source.exports()
    changes = [exported(ground.route, service) for service in _ON_AND_OFF if service not in there]
    ground.route.streams.mark()
    for change in changes:
        change.write()
    for change in changes:
        await_result(ground.route, change)
    pause()


def _row(kind: str, delay: int, seconds: list[float]) -> tuple[str, ...]:
    if not seconds:
        return kind, f"{delay:,} ms", "0", *("-" for _ in range(6))
    summed = spread(seconds)
    over = summed.median - delay / 1000, summed.p95 - delay / 1000
    is_met = over[0] <= MEDIAN_GOAL and over[1] <= P95_GOAL
    times = (summed.median, summed.p95, summed.worst, *over)
    return kind, f"{delay:,} ms", str(summed.count), *map(milliseconds, times), verdict(is_met=is_met)
