"""Say on a ServiceExport what became of it: the Valid and Ready conditions, written only when they change."""

import contextlib
from dataclasses import dataclass

from cloudmap_mcs.domain import verdicts
from cloudmap_mcs.domain.conditions import Condition, next_condition, timestamp
from cloudmap_mcs.domain.model import Export
from cloudmap_mcs.domain.offers import ExportSeen, NoExport
from cloudmap_mcs.domain.wellknown import ConditionType, Reason
from cloudmap_mcs.errors import McsError, RetryableError, StaleError
from cloudmap_mcs.ports import Clock, ExportingCluster


@dataclass(frozen=True, slots=True)
class Reporter:
    """Writes a watcher's conditions."""

    cluster: ExportingCluster
    clock: Clock

    def accepted(self, export: ExportSeen, want: Export | NoExport) -> tuple[Condition, ...]:
        """Report that the registry holds what the cluster offers. Returns what was written."""
        return self._write(export, verdicts.valid(want, export.generation), verdicts.exported(want, export.generation))

    def refused(self, export: ExportSeen, want: Export | NoExport, error: McsError) -> tuple[Condition, ...]:
        """Report why an exportable Service is not in the registry. Returns what was written."""
        if isinstance(want, NoExport):
            return self.accepted(export, want)
        reason = Reason.PENDING if isinstance(error, RetryableError) else Reason.FAILED
        ready = verdicts.not_exported(reason, str(error), export.generation)
        return self._write(export, verdicts.valid(want, export.generation), ready)

    def _write(self, export: ExportSeen, *wanted: Condition) -> tuple[Condition, ...]:
        held = {condition.type: condition for condition in export.conditions}
        now = timestamp(self.clock.now_ms())
        changed = {verdict.type: next_condition(held.get(verdict.type), verdict, now=now) for verdict in wanted}
        fresh = tuple(condition for condition in changed.values() if condition)
        if fresh:
            # Server-side apply gives up what a manager no longer sends, so the unchanged one goes along.
            both = [changed[verdict.type] or held[verdict.type] for verdict in wanted]
            with contextlib.suppress(StaleError):  # gone or made anew: its own event brings the key back
                self.cluster.write_conditions(export, both)
        return fresh


def is_ready(export: ExportSeen) -> bool:
    """Tell whether a ServiceExport says of itself that it is in the registry."""
    return any(condition.type is ConditionType.READY and condition.status for condition in export.conditions)
