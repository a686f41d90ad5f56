"""What runs when nothing changes: calls per hour, CPU and memory of the watchers."""

from __future__ import annotations

import time
from collections import Counter
from typing import Final

from bench.ground import Ground
from bench.programs import Usage, usage
from bench.standing import export_until
from bench.tables import Table
from bench.tally import LOOKS, Call, Tally

SERVICES: Final = 50
HOUR: Final = 3600
_QUIET_SECONDS: Final = 45.0
"""After an import comes, the importer looks again 30 s later."""
_SAID_SECONDS: Final = 60.0


def measure(ground: Ground) -> list[Table]:
    """Count every call of an idle clusterset for one resync period."""
    ground.set_delay(min(ground.effort.delays))
    export_until(ground, SERVICES)
    time.sleep(_QUIET_SECONDS)
    watchers = {member: ground.pid(f"watcher-{member}") for member in ground.sandbox.members}
    tally = Tally(ground)
    before = {member: usage(pid) for member, pid in watchers.items()}
    _wait(ground)
    calls = tally.take()
    after = {member: usage(pid) for member, pid in watchers.items()}
    return [_calls(ground, calls), _watchers(ground, before, after)]


def _wait(ground: Ground) -> None:
    left = ground.effort.idle_seconds
    while left > 0:
        time.sleep(min(left, _SAID_SECONDS))
        left -= _SAID_SECONDS
        ground.say(f"  {max(0, left):.0f} s to go")


def _calls(ground: Ground, calls: Counter[Call]) -> Table:
    seconds = ground.effort.idle_seconds
    rows = [
        (call.service, call.operation, str(count), f"{count * HOUR / seconds:,.0f}")
        for call, count in calls.items()
        if call.service != LOOKS
    ]
    note = (
        f"{SERVICES} services exported by one cluster, imported by {len(ground.sandbox.members)}; nothing changes. "
        f"Counted for {seconds:.0f} s (resync, audit and heartbeat come every 300 s) and extrapolated to an hour. "
        "GetService comes once per service in a watcher's first audit and is remembered: per hour it is too high."
    )
    columns = ("to whom, or by whom", "call", "counted", "per hour")
    return Table(f"Idle with {SERVICES} services", columns, tuple(sorted(rows)), (note,))


def _watchers(ground: Ground, before: dict[str, Usage], after: dict[str, Usage]) -> Table:
    rows = []
    for member, then in before.items():
        now = after[member]
        share = (now.cpu_seconds - then.cpu_seconds) / ground.effort.idle_seconds
        rows.append((member, f"{share:.2%}", f"{now.resident:.0f} MB", f"{now.peak:.0f} MB"))
    columns = ("watcher of", "CPU of one core", "memory", "highest")
    return Table(f"Watchers, idle with {SERVICES} services", columns, tuple(rows))
