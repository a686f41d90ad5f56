"""Perform an import plan, make before break, and say what is true afterwards in statuses and conditions."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from cloudmap_mcs.domain import verdicts
from cloudmap_mcs.domain.conditions import next_condition, timestamp
from cloudmap_mcs.domain.imports import DerivedService, ImportStatus, Managed, Observed, Seen
from cloudmap_mcs.domain.model import ClusterId
from cloudmap_mcs.errors import AddressTakenError, InvalidError
from cloudmap_mcs.plan import importing as plan
from cloudmap_mcs.plan.actions import Action, Create, Replace
from cloudmap_mcs.ports import Clock, Cluster
from cloudmap_mcs.reconcile.outcome import STATUS, Changed, Verb, changed


@dataclass(frozen=True, slots=True)
class Applier:
    """Performs plans in one cluster. Raises what the Cluster port raises; what was written by then stays.

    `tell` hears of every write as it was made, so that a pass that fails half way is told of too.
    """

    own: ClusterId
    cluster: Cluster
    clock: Clock
    tell: Callable[[Changed], None]

    def bring(self, goal: plan.Desired, observed: Observed) -> Observed:
        """Apply both steps of the plan, then status and Conflict condition; returns what is there afterwards."""
        observed = self._derive(goal, observed)
        for action in plan.publish(goal, observed):
            observed = self._act(action, observed)
        self._report_import(goal, observed)
        self._report_conflicts(goal, observed)
        return observed

    def _derive(self, goal: plan.Desired, observed: Observed) -> Observed:
        """Bring the derived Service. Without a family in common there is none, and the import's status says so.

        That is how an importer learns what its cluster supports: a family that the API server was not configured for
        is refused when the Service is made, and one of two that it does not have is left out of its answer.
        """
        for action in plan.prepare(goal, observed):
            try:
                observed = self._act(action, observed)
            except InvalidError as error:
                if not (error.families and isinstance(action, Create)):
                    raise
                break
        return observed

    def _act(self, action: Action[Managed], observed: Observed) -> Observed:
        match action:
            case Create(value):
                after = observed.holding(self._create(value))
            case Replace(seen, value):
                after = observed.holding(self.cluster.replace(seen, value))
            case gone:
                self.cluster.delete(gone.seen)
                after = observed.without(gone.seen)
        self.tell(changed(action))
        return after

    def _create(self, value: Managed) -> Seen[Managed]:
        """Create; a derived Service with those of its old addresses that are still free, if it had any.

        Of two, an API server may hold the free one for some minutes after it refused both for the other's sake.
        """
        if isinstance(value, DerivedService):
            for ips in _fewer(value.ips):
                with contextlib.suppress(AddressTakenError):
                    return self.cluster.create(replace(value, ips=ips))
            value = replace(value, ips=())
        return self.cluster.create(value)

    def _report_import(self, goal: plan.Desired, observed: Observed) -> None:
        seen = observed.service_import
        if seen is None or goal.service is None:
            return
        held, has_family = observed.status, observed.derived is not None
        verdict = verdicts.import_ready(seen.value, has_family=has_family, generation=seen.generation)
        ready = next_condition(held.ready if held else None, verdict, now=timestamp(self.clock.now_ms()))
        if held and ready is None and held.clusters == goal.sources and held.says_slices:
            return
        status = ImportStatus(goal.sources, ready or (held.ready if held else None))
        self.cluster.write_status(seen, status)
        self.tell(Changed(Verb.UPDATED, f"ServiceImport{STATUS}", seen.value.key.name))

    def _report_conflicts(self, goal: plan.Desired, observed: Observed) -> None:
        """Say on the own ServiceExport what it disagrees about; one that exports nothing has no part in conflicts."""
        export = observed.export
        if export is None or goal.is_unknown:
            return
        condition = None
        if self.own in goal.sources:
            if goal.conflicts is None:
                return
            verdict = verdicts.conflict(goal.conflicts, clusters=len(goal.sources), generation=export.generation)
            condition = next_condition(export.conflict, verdict, now=timestamp(self.clock.now_ms()))
            if condition is None:
                return
        elif export.conflict is None:
            return
        self.cluster.write_conflict(goal.key, export, condition)
        self.tell(Changed(Verb.UPDATED, f"ServiceExport{STATUS}", goal.key.name))


def _fewer(ips: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Give what to ask for in turn: all addresses, then each alone."""
    return (ips, *((ip,) for ip in ips)) if len(ips) > 1 else (ips,) if ips else ()
