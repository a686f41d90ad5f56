"""Perform an import plan, make before break, and say what is true afterwards in statuses and conditions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cloudmap_mcs.domain import verdicts
from cloudmap_mcs.domain.conditions import next_condition, timestamp
from cloudmap_mcs.domain.imports import DerivedService, ImportStatus, Managed, Observed, Seen, ServiceImport
from cloudmap_mcs.domain.model import ClusterId
from cloudmap_mcs.errors import AddressTakenError, InvalidError
from cloudmap_mcs.plan import importing as plan
from cloudmap_mcs.plan.actions import Action, Create, Delete, Replace
from cloudmap_mcs.ports import Clock, Cluster
from cloudmap_mcs.reconcile.outcome import STATUS, Changed, Verb, changed


@dataclass(frozen=True, slots=True)
class Applied:
    """What one pass wrote. `came_or_went`: an import was made, or anything was removed."""

    observed: Observed
    changes: tuple[Changed, ...] = ()
    came_or_went: bool = False


@dataclass(frozen=True, slots=True)
class Applier:
    """Performs plans in one cluster. Raises what the Cluster port raises; what was written by then stays."""

    own: ClusterId
    cluster: Cluster
    clock: Clock

    def bring(self, goal: plan.Desired, observed: Observed) -> Applied:
        """Apply both steps of the plan, then status and Conflict condition."""
        applied = self._derive(goal, Applied(observed))
        applied = self._perform(plan.publish(goal, applied.observed), applied)
        applied = self._report_import(goal, applied)
        return self._report_conflicts(goal, applied)

    def _derive(self, goal: plan.Desired, applied: Applied) -> Applied:
        """Bring the derived Service. Without a family in common there is none, and the import's status says so."""
        for action in plan.prepare(goal, applied.observed):
            try:
                applied = self._act(action, applied)
            except InvalidError as error:
                if not error.families:
                    raise
                break
        return applied

    def _perform(self, actions: Iterable[Action[Managed]], applied: Applied) -> Applied:
        for action in actions:
            applied = self._act(action, applied)
        return applied

    def _act(self, action: Action[Managed], applied: Applied) -> Applied:
        match action:
            case Create(value):
                observed = applied.observed.holding(self._create(value))
            case Replace(seen, value):
                observed = applied.observed.holding(self.cluster.replace(seen, value))
            case gone:
                self.cluster.delete(gone.seen)
                observed = applied.observed.without(gone.seen)
        came_or_went = isinstance(action, Delete) or (
            isinstance(action, Create) and isinstance(action.value, ServiceImport)
        )
        return Applied(observed, (*applied.changes, changed(action)), applied.came_or_went or came_or_went)

    def _create(self, value: Managed) -> Seen[Managed]:
        try:
            return self.cluster.create(value)
        except AddressTakenError:
            if not isinstance(value, DerivedService):
                raise
            return self.cluster.create(replace(value, ips=()))

    def _report_import(self, goal: plan.Desired, applied: Applied) -> Applied:
        seen = applied.observed.service_import
        if seen is None or goal.service is None:
            return applied
        held = applied.observed.status
        verdict = verdicts.import_ready(has_family=applied.observed.derived is not None)
        ready = next_condition(held.ready if held else None, verdict, now=timestamp(self.clock.now_ms()))
        if held and ready is None and held.clusters == goal.sources:
            return applied
        status = ImportStatus(goal.sources, ready or (held.ready if held else None))
        self.cluster.write_status(seen, status)
        change = Changed(Verb.UPDATED, f"ServiceImport{STATUS}", seen.value.key.name)
        return replace(applied, changes=(*applied.changes, change))

    def _report_conflicts(self, goal: plan.Desired, applied: Applied) -> Applied:
        export = applied.observed.export
        if export is None or (goal.conflicts is None and not goal.is_removal):
            return applied
        is_constituent = self.own in goal.sources
        if not is_constituent and not (export.conflict and export.conflict.status):
            return applied
        verdict = verdicts.conflict(
            (goal.conflicts or ()) if is_constituent else (), clusters=len(goal.sources), generation=export.generation
        )
        condition = next_condition(export.conflict, verdict, now=timestamp(self.clock.now_ms()))
        if condition is None:
            return applied
        self.cluster.write_conflict(goal.key, export, condition)
        change = Changed(Verb.UPDATED, f"ServiceExport{STATUS}", goal.key.name)
        return replace(applied, changes=(*applied.changes, change))
