"""What one change of one endpoint costs in calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from bench.changes import endpoints_changed, exported
from bench.ground import Ground, pause
from bench.numbers import spread
from bench.tables import Table, verdict
from bench.tally import CLOUD_MAP, EVENTS, FUNCTIONS, Call, Tally, discovered, is_write
from bench.workload import backends

_REST_SECONDS: Final = 0.9
"""Until the importers have looked again after their writes; an importer is done with a change long before."""
_ENDPOINTS: Final = 10
_WARM_UP: Final = 2


Kind = tuple[str, int | None, Sequence[float]]
"""Name, goal and samples of one kind of call."""


def measure(ground: Ground) -> list[Table]:
    """Count the calls of single changes at every delay."""
    rows: list[tuple[str, ...]] = []
    for delay in ground.effort.delays:
        ground.set_delay(delay)
        service = f"calls-{delay}"
        counted = _counted(ground, service)
        rows += [_row(name, delay, goal, samples) for name, goal, samples in _kinds(ground, service, counted)]
        ground.say(f"  D {delay} ms: {len(counted)} changes counted")
    note = (
        "PutEvents counted as events that reach the importing cluster's queue. Every member imports, the exporting "
        "one too, so DiscoverInstances is counted for all members and divided by their number. Changes during which a "
        "heartbeat or an audit came are left out, and so are a resync's calls for other services."
    )
    columns = ("call", "D", "changes", "median", "most", "goal", "goal met")
    return [Table("Calls per change of one endpoint", columns, tuple(rows), (note,))]


def _counted(ground: Ground, service: str) -> list[Counter[Call]]:
    ground.route.source.make_service(service, backends(_ENDPOINTS))
    ground.must(exported(ground.route, service))
    counted: list[Counter[Call]] = []
    pause(2 * _REST_SECONDS)
    turn = -_WARM_UP
    while len(counted) < ground.effort.rounds:
        turn += 1
        tally = Tally(ground)
        ground.must(endpoints_changed(ground.route, service, backends(_ENDPOINTS + turn % 2)))
        pause(_REST_SECONDS)
        calls = tally.take()
        if turn > 0 and not _is_disturbed(ground, calls):
            counted.append(calls)
    return counted


def _is_disturbed(ground: Ground, calls: Counter[Call]) -> bool:
    """Tell whether a heartbeat, an audit or a second message of the same key came between."""
    functions = [Call(FUNCTIONS, member.importer) for member in ground.sandbox.deployed.members.values()]
    return bool(calls[Call(CLOUD_MAP, "GetInstance")]) or any(calls[function] > 1 for function in functions)


def _kinds(ground: Ground, service: str, counted: list[Counter[Call]]) -> tuple[Kind, ...]:
    importing, members = ground.route.importing, len(ground.sandbox.members)
    event = Call(EVENTS, f"to queue {ground.sandbox.deployed.members[importing].queue_url.rsplit('/', 1)[1]}")
    slices = {f"{verb} endpointslices" for verb in ("create", "update", "patch", "delete")}
    importer = f"{importing} importer"
    return (
        ("RegisterInstance", 1, [calls[Call(CLOUD_MAP, "RegisterInstance")] for calls in counted]),
        ("GetOperation", 6, [calls[Call(CLOUD_MAP, "GetOperation")] for calls in counted]),
        ("PutEvents", 1, [calls[event] for calls in counted]),
        (
            "DiscoverInstances per importing cluster",
            2,
            [discovered(calls, service) / members for calls in counted],
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


def _row(name: str, delay: int, goal: int | None, samples: Sequence[float]) -> tuple[str, ...]:
    summed = spread(samples)
    goals = ("-", "-") if goal is None else (f"≤ {goal}", verdict(is_met=summed.worst <= goal))
    return name, f"{delay:,} ms", str(summed.count), f"{summed.median:g}", f"{summed.worst:g}", *goals
