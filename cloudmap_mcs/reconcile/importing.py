"""Bring one key of the importing cluster to what the registry says: the main job of an importer.

Safe to repeat, to run concurrently with itself, and to run on stale reads: see the freshness rules and the model in
the tests.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from cloudmap_mcs.domain.freshness import floors
from cloudmap_mcs.domain.imports import NamespaceState, Observed
from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.errors import StaleError
from cloudmap_mcs.plan import importing as plan
from cloudmap_mcs.ports import Clock, Cluster, RegistryReader
from cloudmap_mcs.reconcile.applying import Applier
from cloudmap_mcs.reconcile.outcome import Changed, Outcome, Skip, came_or_went, untouched
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
    members: Container[ClusterId]

    def reconcile(self, key: ServiceKey, ask: Ask) -> Outcome:
        """Observe both sides, plan, apply; again until nothing is left to write, at most five times.

        A pass that wrote older news after newer ones finds the newer note, or its own leftovers, when it looks again.
        If the very same goal is missed twice, somebody else undoes our writes, and going on would be a fight.
        What was made from a cluster that is no member any more is nothing to wait for: it goes.
        Raises what the ports raise, except StaleError, which starts again.
        """
        done: list[Changed] = []
        told = Outcome(key)
        brought: plan.Desired | None = None
        reader = Reader(self.registry, self.clock)
        for _ in range(ATTEMPTS):
            observed = self.cluster.observe(key)
            if skip := _SKIPS.get(observed.namespace) or (Skip.FOREIGN_IMPORT if observed.is_foreign else None):
                return replace(told, changes=tuple(done), skip=skip, unsettled="")
            floor = {source: note for source, note in floors(observed).items() if source in self.members}
            reading = reader.read(key, floor, ask.wanted, ask.patience)
            told = replace(told, set_aside=reading.set_aside)
            if reading.stale:
                return replace(told, changes=tuple(done), retry=True)
            goal = plan.desired(self.own, key, reading.records, observed)
            if skip := _held(goal, observed, ask):
                return replace(told, changes=tuple(done), skip=skip, unsettled="")
            before = len(done)
            try:
                after = Applier(self.own, self.cluster, self.clock, done.append).bring(goal, observed)
            except StaleError as error:
                told = replace(told, check=True, unsettled=str(error))
                continue
            is_unsettled = any(map(came_or_went, done[before:])) or (brought is not None and goal != brought)
            told = replace(told, check=told.check or is_unsettled, unsettled="")
            if len(done) == before or goal == brought:
                return _settled(replace(told, changes=tuple(done), retry=reading.has_missing_parts), goal, after)
            brought = goal
            reader = reader.remembering(reading)
        return replace(told, changes=tuple(done), retry=True, check=True, unsettled=told.unsettled or _OVERTAKEN)


_OVERTAKEN: Final = "the registry changed faster than it could be applied"

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


def _settled(outcome: Outcome, goal: plan.Desired, observed: Observed) -> Outcome:
    conflicts = tuple(conflict.reason for conflict in goal.conflicts or ())
    return replace(outcome, unchanged=untouched(observed, outcome.changes), conflicts=conflicts)
