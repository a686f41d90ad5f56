"""What the importer function does with a batch and with an invoke, once its adapters are built."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

from cloudmap_mcs.errors import McsError, PermanentError, RetryableError, UnreachableError
from cloudmap_mcs.eventbridge.invocations import Continuation, Resync, payload
from cloudmap_mcs.ports import Clock
from cloudmap_mcs.reconcile.importing import Importer
from cloudmap_mcs.reconcile.outcome import Outcome
from cloudmap_mcs.reconcile.rehearsing import Rehearsal
from cloudmap_mcs.reconcile.resyncing import Resynced, Resyncer, resync_one
from lambdas.importer.batch import Accept, Grouped, Work, follow_up, grouped
from lambdas.importer.postponing import OwnQueue
from lambdas.importer.report import report


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of a batch: each key's outcome or error, and the messages that are not done, with why."""

    batch: Grouped
    results: tuple[tuple[Work, Outcome | Exception], ...]
    failed: Mapping[str, Exception]


@dataclass(slots=True)
class Attempt:
    """One batch's go at the cluster; `mark` is set by the first key that cannot reach it."""

    importer: Importer
    clock: Clock
    until_ms: int
    mark: UnreachableError | None = None

    def reconcile(self, work: Work) -> Outcome | Exception:
        """Reconcile a key, unless the cluster is known to be out of reach or the time is up."""
        if self.mark:
            return UnreachableError(f"{work.key}: not tried, the cluster is out of reach: {self.mark}")
        if self.clock.now_ms() >= self.until_ms:
            return RetryableError(f"{work.key}: not tried, the function's time was up")
        try:
            return self.importer.reconcile(work.key, work.ask)
        except UnreachableError as error:
            self.mark = error
            return error
        except Exception as error:  # noqa: BLE001  # a bug that one key brings out must not take the others along
            return error


@dataclass(frozen=True, slots=True)
class Door:
    """The importer of one cluster. `go_on` invokes this same function asynchronously with a payload."""

    importer: Importer
    accept: Accept
    queue: OwnQueue
    executor: Executor
    clock: Clock
    pause: Callable[[], None]
    go_on: Callable[[Mapping[str, Any]], None]

    def handle_batch(self, bodies: Mapping[str, str], *, until_ms: int) -> Handled:
        """Reconcile the keys of a batch in parallel; a key's failure concerns its own messages only.

        A cluster that one key found unreachable is not waited for by the others; nothing is begun after `until_ms`.
        """
        batch = grouped(bodies, self.accept)
        attempt = Attempt(self.importer, self.clock, until_ms)
        results = tuple(zip(batch.work, self.executor.map(attempt.reconcile, batch.work), strict=True))
        failed: dict[str, Exception] = dict(batch.refused)
        for work, result in results:
            if problem := self._settle(work, result):
                failed.update(dict.fromkeys(work.messages, problem))
        return Handled(batch, results, failed)

    def _settle(self, work: Work, result: Outcome | Exception) -> Exception | None:
        """Postpone what is to be looked at again; give the reason why a key's messages are not done, if so."""
        later = follow_up(work, result)
        if later is None:
            return result if isinstance(result, Exception) else None
        try:
            self.queue.postpone(later)
        except McsError as error:
            return error
        return None

    def resync(self, request: Resync, *, until_ms: int) -> tuple[Resynced, dict[str, Any]]:
        """Resync one key or all; what does not fit into the time goes on in another invocation."""
        importer = self._rehearsing() if request.is_dry_run else self.importer
        if request.key:
            resynced = Resynced((resync_one(importer, request.key),))
        else:
            resynced = self._resync_all(importer, request, until_ms)
        return resynced, report(resynced, cluster=importer.own, is_dry_run=request.is_dry_run)

    def _rehearsing(self) -> Importer:
        held = self.importer
        return replace(held, cluster=Rehearsal(held.cluster))

    def _resync_all(self, importer: Importer, request: Resync, until_ms: int) -> Resynced:
        carried = request.continuation
        resynced = Resyncer(importer, self.clock, self.executor.map, self.pause).resync(
            until_ms=until_ms,
            after=carried.after if carried else None,
            held_back=carried.held_back if carried else (),
            is_forced=request.is_forced,
        )
        if resynced.is_unfinished:
            if resynced.unfinished_after is None:
                raise PermanentError(
                    "the function's time is too short for even one key; raise importer.timeout_seconds"
                )
            self.go_on(payload(request, Continuation(resynced.unfinished_after, resynced.held_back)))
        return resynced
