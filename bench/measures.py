"""Every measure by name, in the order in which they run: idle before anything has happened, many exports at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench import burst, calls, cloudmap_simulator, idle, latency, rollout, sizes
from bench.ground import Ground
from bench.tables import Table


def _simulator(ground: Ground) -> list[Table]:
    ground.say(f"  {cloudmap_simulator.CALLS} calls of each kind")
    rows = [(one.call, f"{one.per_cpu_second:,.0f}", f"{one.per_second:,.0f}") for one in cloudmap_simulator.measure()]
    note = "One kept connection, operations immediate: what the simulator itself can bear."
    return [Table("Cloud Map simulator", ("call", "per CPU second", "per second"), tuple(rows), (note,))]


MEASURES: Final[Mapping[str, Callable[[Ground], list[Table]]]] = {
    "idle": idle.measure,
    "latency": latency.measure,
    "burst": burst.measure,
    "calls": calls.measure,
    "rollout": rollout.measure,
    "sizes": sizes.measure,
    "simulator": _simulator,
}


@dataclass(frozen=True, slots=True)
class Results:
    """What was measured, and how many seconds each measure took."""

    tables: list[Table]
    took: dict[str, float]


def run(ground: Ground, names: Sequence[str], show: Callable[[Table], None]) -> Results:
    """Run the named measures in their order; `show` gets each table as soon as it is there."""
    results = Results([], {})
    for name, measure in MEASURES.items():
        if name not in names:
            continue
        ground.say(f"{name}: begun")
        began = time.monotonic()
        tables = measure(ground)
        results.took[name] = time.monotonic() - began
        ground.say(f"{name}: done in {results.took[name]:.0f} s")
        for table in tables:
            show(table)
        results.tables.extend(tables)
    return results
