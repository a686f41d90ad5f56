"""Bring one key of this cluster into the registry: the main job of a watcher.

Only the active watcher of a cluster runs it, one key at a time; different keys run in parallel.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.model import ClusterId, Record, ServiceKey
from cloudmap_mcs.domain.offers import ExportSeen, NoExport, offer
from cloudmap_mcs.errors import McsError, RetryableError
from cloudmap_mcs.plan import exporting as plan
from cloudmap_mcs.ports import Change, Clock, ExportingCluster, RegistryWriter
from cloudmap_mcs.reconcile.ledger import Ledger, Unread
from cloudmap_mcs.reconcile.reporting import Reporter, is_ready


@dataclass(frozen=True, slots=True)
class Exported:
    """What one reconcile of a key did. `look_again` is in seconds; `announcement` is for every importer.

    `unsaid` is why the conditions could not be written: the registry is right already, try again for their sake.
    """

    key: ServiceKey
    action: str = "unchanged"
    announcement: Change | None = None
    look_again: float | None = None
    conditions: tuple[Condition, ...] = ()
    unsaid: McsError | None = None


@dataclass(frozen=True, slots=True)
class Exporter:
    """Reconciles keys of one cluster. `owner` is its kube-system UID; `announce_again_ms` see `_announced`."""

    own: ClusterId
    owner: str
    cluster: ExportingCluster
    registry: RegistryWriter
    clock: Clock
    ledger: Ledger
    announce_again_ms: int

    @property
    def reporter(self) -> Reporter:
        return Reporter(self.cluster, self.clock)

    def reconcile(self, key: ServiceKey) -> Exported:
        """Observe, plan, apply, and say in Valid and Ready what came of it.

        Raises what the registry raises after noting it on the ServiceExport; an export that is in the registry already
        stays Ready while a retry is due.
        """
        seen = self.cluster.offered(key)
        want = offer(self.own, seen.export, seen.service, seen.slices)
        there = before = self.ledger.last(key)
        try:
            there = held = self._held(key)
            step = plan.step(self.own, self.owner, want, held, now_ms=self.clock.now_ms())
            done = self._take(key, step, held if before is Unread.UNREAD else None)
        except McsError as error:
            if seen.export and not (isinstance(error, RetryableError) and _is_there(there, seen.export)):
                with contextlib.suppress(McsError):  # what went wrong first matters more
                    self.reporter.refused(seen.export, want, error)
            raise
        if not seen.export:
            return done
        try:
            return replace(done, conditions=self.reporter.accepted(seen.export, want))
        except McsError as error:
            return replace(done, unsaid=error)

    def _held(self, key: ServiceKey) -> Record | None:
        known = self.ledger.known(key)
        if not isinstance(known, Unread):
            return known
        record = self.registry.read(key, self.own, None)
        self.ledger.acknowledge(key, record)
        return record

    def _take(self, key: ServiceKey, step: plan.Step, just_read: Record | None) -> Exported:
        match step:
            case plan.Write() if step.is_withdrawal and (doubt := self._disbelief(key)):
                return Exported(key, "held back: many exports vanished at once", look_again=doubt)
            case plan.Write(record):
                with self._noting_attempt(key, record):
                    acknowledged = self.registry.put(key, record)
                self.ledger.acknowledge(key, acknowledged)
                if not step.is_withdrawal:
                    self.ledger.found(key)
                action = "unexported" if step.is_withdrawal else "exported"
                wait = plan.TOMBSTONE_MS / 1000 if step.is_withdrawal else None
                return Exported(key, action, self._change(key, acknowledged), wait)
            case plan.Wait(seconds):
                return Exported(key, announcement=self._again(key, just_read), look_again=seconds)
            case plan.Remove(record):
                try:
                    self.registry.remove(key, record)
                except RetryableError:
                    self.ledger.distrust(key)
                    raise
                self.ledger.acknowledge(key, None)
                # Importers tidy their notes now, instead of waiting for this record at the next change of another.
                return Exported(key, "removed", self._change(key, record))
            case plan.Keep():
                self.ledger.found(key)
                return Exported(key, announcement=self._again(key, just_read))

    @contextlib.contextmanager
    def _noting_attempt(self, key: ServiceKey, record: Record) -> Iterator[None]:
        """Note a write that failed but may still arrive: else going back to what was before would not be written."""
        try:
            yield
        except RetryableError:
            self.ledger.attempted(key, record)
            raise

    def _disbelief(self, key: ServiceKey) -> float:
        return self.ledger.disbelief(key, self._is_lost, self.clock.now_ms())

    def _is_lost(self, key: ServiceKey) -> bool:
        seen = self.cluster.offered(key)
        return isinstance(offer(self.own, seen.export, seen.service, ()), NoExport)

    def _again(self, key: ServiceKey, just_read: Record | None) -> Change | None:
        """Announce a young record again after a start: its writer may have died before it announced it."""
        if just_read is None or self.clock.now_ms() - just_read.generation > self.announce_again_ms:
            return None
        return self._change(key, just_read)

    def _change(self, key: ServiceKey, record: Record) -> Change:
        return Change(key, self.own, record.generation)


def _is_there(known: Record | Unread | None, export: ExportSeen) -> bool:
    """Tell whether an export is in the registry: as far as known, else as its own condition says."""
    if known is Unread.UNREAD:
        return is_ready(export)
    return known is not None and known.is_exporter
