"""What one change of one endpoint costs in calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from bench.changes import endpoints_changed, exported
from bench.ground import Ground, pause
from bench.numbers import spread
from bench.tables import Table, verdict
from bench.tally import CLOUD_MAP, EVENTS, Call, Tally, is_write
from bench.workload import backends

_REST_SECONDS: Final = 0.9
"""Until the importers have looked again after their writes; an importer is done with a change long before."""
_ENDPOINTS: Final = 10
_WARM_UP: Final = 2


def measure(ground: Ground) -> list[Table]:
    """Count the calls of single changes at every delay."""
    rows: list[tuple[str, ...]] = []
    for delay in ground.effort.delays:
        ground.set_delay(delay)
        counted = _counted(ground, f"calls-{delay}")
        rows += _rows(ground, delay, counted)
        ground.say(f"  D {delay} ms: {len(counted)} changes counted")
    note = (
        "PutEvents counted as events that reach the importing cluster's queue. Every member imports, the exporting "
        "one too, so DiscoverInstances is counted for all members and divided by their number."
    )
    columns = ("call", "D", "changes", "median", "most", "goal", "goal met")
    return [Table("Calls per change of one endpoint", columns, tuple(rows), (note,))]


def _counted(ground: Ground, service: str) -> list[Counter[Call]]:
    ground.route.source.make_service(service, backends(_ENDPOINTS))
    ground.must(exported(ground.route, service))
    counted: list[Counter[Call]] = []
    pause(2 * _REST_SECONDS)
    for number in range(-_WARM_UP, ground.effort.rounds):
        tally = Tally(ground)
        ground.must(endpoints_changed(ground.route, service, backends(_ENDPOINTS + (number + 1) % 2)))
        pause(_REST_SECONDS)
        if number >= 0:
            counted.append(tally.take())
    return counted


def _rows(ground: Ground, delay: int, counted: list[Counter[Call]]) -> list[tuple[str, ...]]:
    importing, members = ground.route.importing, len(ground.sandbox.members)
    event = Call(EVENTS, f"to queue {ground.sandbox.deployed.members[importing].queue_url.rsplit('/', 1)[1]}")
    slices = {f"{verb} endpointslices" for verb in ("create", "update", "patch", "delete")}
    importer = f"{importing} importer"
    kinds = (
        ("RegisterInstance", 1, [calls[Call(CLOUD_MAP, "RegisterInstance")] for calls in counted]),
        ("GetOperation", 6, [calls[Call(CLOUD_MAP, "GetOperation")] for calls in counted]),
        ("PutEvents", 1, [calls[event] for calls in counted]),
        (
            "DiscoverInstances per importing cluster",
            2,
            [calls[Call(CLOUD_MAP, "DiscoverInstances")] / members for calls in counted],
        ),
        (
            "EndpointSlice writes per importing cluster",
            1,
            [sum(calls[Call(importer, name)] for name in slices) for calls in counted],
        ),
        (
            "all writes per importing cluster",
            None,
            [sum(n for call, n in calls.items() if call.service == importer and is_write(call)) for calls in counted],
        ),
    )
    return [_row(name, delay, goal, samples) for name, goal, samples in kinds]


def _row(name: str, delay: int, goal: int | None, samples: Sequence[float]) -> tuple[str, ...]:
    summed = spread(samples)
    goals = ("-", "-") if goal is None else (f"≤ {goal}", verdict(is_met=summed.worst <= goal))
    return name, f"{delay:,} ms", str(summed.count), f"{summed.median:g}", f"{summed.worst:g}", *goals
