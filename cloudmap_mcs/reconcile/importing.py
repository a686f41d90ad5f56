"""Bring one key of the importing cluster to what the registry says: the main job of an importer.

Safe to repeat, to run concurrently with itself, and to run on stale reads: see the freshness rules and the model in
the tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from cloudmap_mcs.domain.freshness import floors
from cloudmap_mcs.domain.imports import NamespaceState, Observed
from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.errors import StaleError
from cloudmap_mcs.plan import importing as plan
from cloudmap_mcs.ports import Clock, Cluster, RegistryReader
from cloudmap_mcs.reconcile.applying import Applier
from cloudmap_mcs.reconcile.outcome import Changed, Outcome, Skip, untouched
from cloudmap_mcs.reconcile.reading import Patience, Reader

ATTEMPTS: Final = 5
"""Fresh starts after a 404, a 409 or a registry that moved meanwhile."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What brought a key here. `wanted` are the generations that events promised, by source."""

    wanted: Mapping[ClusterId, int] = field(default_factory=dict)
    patience: Patience = Patience.REREAD
    may_remove: bool = True


@dataclass(frozen=True, slots=True)
class Importer:
    """Reconciles keys in one cluster."""

    own: ClusterId
    cluster: Cluster
    registry: RegistryReader
    clock: Clock

    def reconcile(self, key: ServiceKey, ask: Ask) -> Outcome:
        """Observe both sides, plan, apply; again until nothing is left to write, at most five times.

        A pass that wrote older news after newer ones finds the newer note, or its own leftovers, when it looks again.
        If the very same goal is missed twice, somebody else undoes our writes, and going on would be a fight.
        Raises what the ports raise, except StaleError, which starts again.
        """
        done: tuple[Changed, ...] = ()
        is_unsettled = False
        brought: plan.Desired | None = None
        reader = Reader(self.registry, self.clock)
        for _ in range(ATTEMPTS):
            observed = self.cluster.observe(key)
            if skip := _SKIPS.get(observed.namespace) or (Skip.FOREIGN_IMPORT if observed.is_foreign else None):
                return Outcome(key, done, skip=skip, check=is_unsettled)
            reading = reader.read(key, floors(observed), ask.wanted, ask.patience)
            if reading.stale:
                return Outcome(key, done, set_aside=reading.set_aside, retry=True, check=is_unsettled)
            goal = plan.desired(self.own, key, reading.records, observed)
            if skip := _held(goal, observed, ask):
                return Outcome(key, done, set_aside=reading.set_aside, skip=skip, check=is_unsettled)
            try:
                applied = Applier(self.own, self.cluster, self.clock).bring(goal, observed)
            except StaleError:
                is_unsettled = True
                continue
            done += applied.changes
            is_unsettled = is_unsettled or applied.came_or_went or (brought is not None and goal != brought)
            if not applied.changes or goal == brought:
                outcome = Outcome(key, done, set_aside=reading.set_aside, check=is_unsettled)
                return _told(outcome, goal, applied.observed, retry=reading.has_missing_parts)
            brought = goal
            reader = reader.remembering(reading)
        return Outcome(key, done, retry=True, check=True)


_SKIPS: Final = {
    NamespaceState.MISSING: Skip.NAMESPACE_MISSING,
    NamespaceState.TERMINATING: Skip.NAMESPACE_TERMINATING,
}


def _held(goal: plan.Desired, observed: Observed, ask: Ask) -> Skip | None:
    if goal.is_unknown:
        return Skip.UNKNOWN
    if goal.is_removal and observed.service_import and not ask.may_remove:
        return Skip.HELD_BACK
    return None


def _told(outcome: Outcome, goal: plan.Desired, observed: Observed, *, retry: bool) -> Outcome:
    conflicts = tuple(conflict.reason for conflict in goal.conflicts or ())
    return replace(outcome, unchanged=untouched(observed, outcome.changes), conflicts=conflicts, retry=retry)
