"""A rollout of many endpoints: what it costs in calls, and how far the importing cluster lags behind meanwhile."""

from __future__ import annotations

import time
from collections import Counter
from typing import Final

from bench.changes import Change, await_result, endpoints_changed, exported, is_imported_slice, is_own_slice, readiness
from bench.ground import Ground, pause
from bench.numbers import Sighting, availability
from bench.streams import Seen
from bench.tables import Table
from bench.tally import CLOUD_MAP, Call, Tally, discovered
from bench.workload import backends
from sandbox.errors import SandboxError

ENDPOINTS: Final = 100
PER_SECOND: Final = 10
_REST_SECONDS: Final = 2.0
_OPERATIONS: Final = ("RegisterInstance", "GetOperation")


def measure(ground: Ground) -> list[Table]:
    """Replace all endpoints of a Service one after the other, at every delay."""
    rows = []
    for delay in ground.effort.delays:
        ground.set_delay(delay)
        rows.append(_rolled_out(ground, delay))
        ground.say(f"  D {delay} ms: done")
    columns = (
        "D",
        *_OPERATIONS,
        "DiscoverInstances",
        "slice writes",
        "missing",
        "stale",
        "fewest live",
        "caught up after",
    )
    note = (
        f"{ENDPOINTS} endpoints, each replaced by a new one, {PER_SECOND} per second, one write each. In the importing "
        "cluster: endpoint-seconds missing (live in the exporting cluster, not there yet) and stale (there, but gone "
        "from the exporting cluster), the fewest endpoints that were there and live at any moment, and the time from "
        "the last change to its result. DiscoverInstances is of all members together, without those of a resync for "
        "other services."
    )
    return [Table(f"Rollout of {ENDPOINTS} endpoints, {PER_SECOND} per second", columns, tuple(rows), (note,))]


def _rolled_out(ground: Ground, delay: int) -> tuple[str, ...]:
    service = f"rollout-{delay}"
    ground.route.source.make_service(service, backends(ENDPOINTS))
    ground.must(exported(ground.route, service))
    pause(_REST_SECONDS)
    # Seen on both sides since the last mark: here both histories begin.
    ground.must(endpoints_changed(ground.route, service, backends(ENDPOINTS + 1)))
    pause(_REST_SECONDS)
    tally = Tally(ground)
    last = _replace_all(ground, service)
    took = await_result(ground.route, last)
    if took is None:
        raise SandboxError("the importing cluster did not catch up with the rollout")
    history = ground.route.streams.history()
    pause(_REST_SECONDS)
    return _row(ground, delay, service, history, (took.seconds, tally.take()))


def _replace_all(ground: Ground, service: str) -> Change:
    """Do the rollout at its pace; returns its last change, whose result is still to come."""
    began = time.monotonic()
    for step in range(1, ENDPOINTS + 1):
        change = endpoints_changed(ground.route, service, backends(ENDPOINTS, start=step))
        time.sleep(max(0.0, began + step / PER_SECOND - time.monotonic()))
        change.write()
    return change


def _row(
    ground: Ground, delay: int, service: str, history: tuple[Seen, ...], ended: tuple[float, Counter[Call]]
) -> tuple[str, ...]:
    lag, calls = ended
    truth = [_sighting(event) for event in history if is_own_slice(event, ground.route.exporting, service)]
    copy = [_sighting(event) for event in history if is_imported_slice(event, ground.route, service)]
    found = availability(truth, copy, max(truth[-1].at, copy[-1].at))
    return (
        f"{delay:,} ms",
        *(str(calls[Call(CLOUD_MAP, name)]) for name in _OPERATIONS),
        str(discovered(calls, service)),
        str(calls[Call(f"{ground.route.importing} importer", "update endpointslices")]),
        f"{found.missing_seconds:.1f} s",
        f"{found.stale_seconds:.1f} s",
        str(found.fewest),
        f"{lag * 1000:,.0f} ms",
    )


def _sighting(event: Seen) -> Sighting:
    live = frozenset(address for address, is_ready in readiness(event).items() if is_ready)
    return Sighting(event.at, live)
