"""Many services that change at the same moment: when the last one has arrived."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Final

from bench.changes import await_result, endpoints_changed, exported
from bench.ground import Ground, pause
from bench.numbers import spread
from bench.tables import Table, milliseconds, verdict
from bench.workload import backends

SERVICES: Final = 20
LAST_GOAL: Final = 1.2
"""Seconds on top of the operation delay."""

_WRITERS: Final = 4
_REST_SECONDS: Final = 1.0
_WARM_UP: Final = 3
"""Rounds until as many function processes are warm as a burst needs."""

_ENDPOINTS: Final = 10


def measure(ground: Ground) -> list[Table]:
    """Change all services at once, several times at every delay."""
    services = _prepared(ground)
    rows: list[tuple[str, ...]] = []
    turn = 0
    for delay in ground.effort.delays:
        ground.set_delay(delay)
        last: list[float] = []
        for number in range(-_WARM_UP, ground.effort.rounds):
            turn += 1
            taken = _all_at_once(ground, services, turn)
            pause(_REST_SECONDS)
            if number >= 0 and taken is not None:
                last.append(taken)
        ground.say(f"  D {delay} ms: the last after {', '.join(f'{seconds * 1000:.0f}' for seconds in last)} ms")
        rows.append(_row(delay, ground.effort.rounds, last))
    columns = ("D", "rounds", "median of the last", "p95", "worst", "worst - D", "goal met")
    note = (
        f"From the exporting cluster's first watch event of a round to the importing cluster's last; "
        f"one endpoint more or less in each of {SERVICES} services. Goal: ≤ D + 1.2 s in every round."
    )
    return [Table(f"{SERVICES} services change at the same moment", columns, tuple(rows), (note,))]


def _prepared(ground: Ground) -> list[str]:
    ground.set_delay(min(ground.effort.delays))
    services = [f"burst-{number}" for number in range(SERVICES)]
    for service in services:
        ground.route.source.make_service(service, backends(_ENDPOINTS))
        ground.must(exported(ground.route, service))
    pause(_REST_SECONDS)
    return services


def _all_at_once(ground: Ground, services: list[str], turn: int) -> float | None:
    goal = backends(_ENDPOINTS + turn % 2)
    changes = [endpoints_changed(ground.route, service, goal) for service in services]
    ground.route.streams.mark()
    with ThreadPoolExecutor(_WRITERS) as pool:
        for written in [pool.submit(change.write) for change in changes]:
            written.result()
    taken = [took for took in (await_result(ground.route, change) for change in changes) if took]
    if len(taken) < len(changes):
        return None
    return max(took.result for took in taken) - min(took.cause for took in taken)


def _row(delay: int, rounds: int, last: list[float]) -> tuple[str, ...]:
    summed = spread(last)
    over = summed.worst - delay / 1000
    times = map(milliseconds, (summed.median, summed.p95, summed.worst, over))
    is_met = over <= LAST_GOAL and len(last) == rounds
    return f"{delay:,} ms", f"{len(last)} of {rounds}", *times, verdict(is_met=is_met)
