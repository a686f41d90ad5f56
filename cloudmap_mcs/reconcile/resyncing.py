"""Reconcile every key of one cluster: repairs whatever lost events left. Its removals are counted first."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from cloudmap_mcs.domain import brake
from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.errors import McsError
from cloudmap_mcs.ports import Clock
from cloudmap_mcs.reconcile.importing import Ask, Importer
from cloudmap_mcs.reconcile.outcome import Failure, Outcome, Skip
from cloudmap_mcs.reconcile.reading import Patience

A = TypeVar("A")
B = TypeVar("B")


class InParallel(Protocol):
    """Maps like `map`, perhaps on several threads; results in the order of the items."""

    def __call__(self, work: Callable[[A], B], items: Iterable[A], /) -> Iterable[B]: ...


@dataclass(frozen=True, slots=True)
class Resynced:
    """What a resync did. `unfinished_after` is the last key that was looked at when the time was up.

    `held_back` are imports that should go and have not: because of the brake, or until the rest has been counted.
    """

    outcomes: tuple[Outcome | Failure, ...]
    held_back: tuple[ServiceKey, ...] = ()
    is_braked: bool = False
    is_unfinished: bool = False
    unfinished_after: ServiceKey | None = None


@dataclass(frozen=True, slots=True)
class Resyncer:
    """Resyncs one cluster. `pause` is called before each key and bounds the rate of reads."""

    importer: Importer
    clock: Clock
    in_parallel: InParallel
    pause: Callable[[], None]

    def resync(
        self,
        *,
        until_ms: int,
        after: ServiceKey | None = None,
        held_back: tuple[ServiceKey, ...] = (),
        is_forced: bool = False,
    ) -> Resynced:
        """Look at all keys after `after`, then remove what should go unless the brake holds.

        Raises what listing the index or the cluster raises: then nothing was removed. A key's own failure is in the
        outcomes and stops nothing else.
        """
        imports = self.importer.cluster.imports()
        keys = sorted(key for key in self.importer.registry.index().keys | imports if after is None or key > after)
        outcomes = tuple(
            outcome for outcome in self.in_parallel(lambda key: self._look(key, until_ms), keys) if outcome
        )
        held_back += tuple(item.key for item in outcomes if isinstance(item, Outcome) and item.skip is Skip.HELD_BACK)
        looked_at = {item.key for item in outcomes}
        if left := [key for key in keys if key not in looked_at]:
            done = [key for key in keys if key < left[0]]
            return Resynced(outcomes, held_back, is_unfinished=True, unfinished_after=done[-1] if done else after)
        if brake.holds(len(held_back), len(imports)) and not is_forced:
            return Resynced(outcomes, held_back, is_braked=True)
        removed = tuple(self.in_parallel(self._remove, held_back))
        kept = tuple(item for item in outcomes if item.key not in held_back)
        return Resynced((*kept, *removed))

    def _look(self, key: ServiceKey, until_ms: int) -> Outcome | Failure | None:
        if self.clock.now_ms() >= until_ms:
            return None
        self.pause()
        return self._reconcile(key, Ask({}, Patience.RESYNC, may_remove=False))

    def _remove(self, key: ServiceKey) -> Outcome | Failure:
        return self._reconcile(key, Ask({}, Patience.RESYNC))

    def _reconcile(self, key: ServiceKey, ask: Ask) -> Outcome | Failure:
        try:
            return self.importer.reconcile(key, ask)
        except McsError as error:
            return Failure(key, error.reason, str(error))
