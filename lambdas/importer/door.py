"""What the importer function does with a batch and with an invoke, once its adapters are built."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.errors import McsError, PermanentError, RetryableError, UnreachableError
from cloudmap_mcs.eventbridge.invocations import Continuation, Resync, payload
from cloudmap_mcs.ports import Clock
from cloudmap_mcs.reconcile.importing import Importer
from cloudmap_mcs.reconcile.outcome import Outcome
from cloudmap_mcs.reconcile.rehearsing import Rehearsal
from cloudmap_mcs.reconcile.resyncing import Resynced, Resyncer, indexed, lacking, resync_one
from lambdas.importer.batch import Accept, FollowUp, Grouped, NamespaceWork, Work, follow_up, grouped, look_around
from lambdas.importer.postponing import OwnQueue
from lambdas.importer.report import report

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of a batch: each key's outcome or error, and the messages that are not done, with why.

    `unlisted` is why nobody knows what the batch's namespaces lack. `unsent` says of which work or namespace a delayed
    message could not be sent.
    """

    batch: Grouped
    results: tuple[tuple[Work, Outcome | Exception], ...]
    unlisted: Exception | None
    failed: Mapping[str, Exception]
    unsent: tuple[tuple[Work | NamespaceWork, Exception], ...] = ()


@dataclass(slots=True)
class Attempt:
    """One batch's go at the cluster; `mark` is set by the first who cannot reach it, and holds for all.

    Nothing is tried once it is set or the time is up. `pause` waits for the turn of a key that nobody announced.
    """

    importer: Importer
    clock: Clock
    until_ms: int
    pause: Callable[[], None]
    mark: UnreachableError | None = None

    def reconcile(self, work: Work) -> Outcome | Exception:
        """Reconcile a key that a message is about."""
        return self._tried(str(work.key), lambda: self.importer.reconcile(work.key, work.ask))

    def reconcile_in_turn(self, work: Work) -> Outcome | Exception:
        """Reconcile one of a namespace's keys, of which there may be hundreds; one that is not tried has no turn."""
        if refusal := self._refusal(str(work.key)):
            return refusal
        self.pause()
        return self.reconcile(work)

    def lacking(self, namespaces: Collection[str]) -> frozenset[ServiceKey] | Exception:
        """List what namespaces lack. An index that cannot be read says nothing about the cluster."""
        if not namespaces:
            return frozenset()
        what = f"what is missing in {', '.join(namespaces)}"
        if refusal := self._refusal(what):
            return refusal
        try:
            keys = indexed(self.importer, namespaces)
        except Exception as error:  # noqa: BLE001  # the batch's other messages are not concerned
            return error
        return self._tried(what, lambda: lacking(self.importer, keys))

    def _tried(self, what: str, call: Callable[[], T]) -> T | Exception:
        if refusal := self._refusal(what):
            return refusal
        try:
            return call()
        except UnreachableError as error:
            self.mark = error
            return error
        except Exception as error:  # noqa: BLE001  # a bug that one key brings out must not take the others along
            return error

    def _refusal(self, what: str) -> RetryableError | None:
        if self.mark:
            return UnreachableError(f"{what}: not tried, the cluster is out of reach: {self.mark}")
        if self.clock.now_ms() >= self.until_ms:
            return RetryableError(f"{what}: not tried, the function's time was up")
        return None


@dataclass(frozen=True, slots=True)
class Door:
    """The importer of one cluster.

    `pause` bounds the rate of keys that nobody announced; `go_on` invokes this same function asynchronously.
    """

    importer: Importer
    accept: Accept
    queue: OwnQueue
    executor: Executor
    clock: Clock
    pause: Callable[[], None]
    go_on: Callable[[Mapping[str, Any]], None]

    def handle_batch(self, bodies: Mapping[str, str], *, until_ms: int) -> Handled:
        """Reconcile the keys of a batch in parallel; a key's failure concerns its own messages only.

        What namespaces lack is listed while the batch's own keys are under way, and brought at the pace of a resync.
        A cluster that was found unreachable once is not waited for again; nothing is begun after `until_ms`.
        """
        batch = grouped(bodies, self.accept)
        attempt = Attempt(self.importer, self.clock, until_ms, self.pause)
        begun = self.executor.map(attempt.reconcile, batch.work)
        keys = attempt.lacking([around.namespace for around in batch.namespaces])
        unlisted = keys if isinstance(keys, Exception) else None
        spread = () if isinstance(keys, Exception) else batch.spread(keys)
        begun_later = self.executor.map(attempt.reconcile_in_turn, spread)
        results = (*zip(batch.work, begun, strict=True), *zip(spread, begun_later, strict=True))
        return self._settled(batch, results, unlisted)

    def _settled(
        self, batch: Grouped, results: tuple[tuple[Work, Outcome | Exception], ...], unlisted: Exception | None
    ) -> Handled:
        """Postpone what is to be looked at again, and collect the messages that are not done.

        Delayed messages are sent in parallel: one namespace may leave hundreds.
        """
        open_ends: list[tuple[Work | NamespaceWork, object, FollowUp | None]] = [
            *((work, result, follow_up(work, result)) for work, result in results),
            *((around, unlisted, look_around(around, unlisted)) for around in batch.namespaces),
        ]
        failed: dict[str, Exception] = dict(batch.refused)
        unsent: list[tuple[Work | NamespaceWork, Exception]] = []
        sent = self.executor.map(self._postpone, [later for _, _, later in open_ends])
        for (part, result, later), refusal in zip(open_ends, sent, strict=True):
            if refusal:
                unsent.append((part, refusal))
            problem = refusal if later else result
            if isinstance(problem, Exception):
                failed.update(dict.fromkeys(part.messages, problem))
        return Handled(batch, results, unlisted, failed, tuple(unsent))

    def _postpone(self, later: FollowUp | None) -> Exception | None:
        if later is None:
            return None
        try:
            self.queue.postpone(later)
        except McsError as error:
            return error
        return None

    def resync(self, request: Resync, *, until_ms: int) -> tuple[Resynced, dict[str, Any]]:
        """Resync one key, a namespace or all; what does not fit into the time goes on in another invocation."""
        importer = self._rehearsing() if request.is_dry_run else self.importer
        if request.key:
            resynced = Resynced((resync_one(importer, request.key),))
        else:
            resynced = self._resync_many(importer, request, until_ms)
        return resynced, report(resynced, cluster=importer.own, is_dry_run=request.is_dry_run)

    def _rehearsing(self) -> Importer:
        held = self.importer
        return replace(held, cluster=Rehearsal(held.cluster))

    def _resync_many(self, importer: Importer, request: Resync, until_ms: int) -> Resynced:
        carried = request.continuation
        resynced = Resyncer(importer, self.clock, self.executor.map, self.pause, request.namespace).resync(
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
