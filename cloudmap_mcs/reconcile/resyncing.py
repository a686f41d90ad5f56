"""Reconcile every key of one cluster: repairs whatever lost events left. Its removals are counted first."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeVar

from cloudmap_mcs.domain import brake
from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.ports import Clock, Index, SetAside
from cloudmap_mcs.reconcile.importing import Ask, Importer
from cloudmap_mcs.reconcile.outcome import Failure, Outcome, Skip, failure
from cloudmap_mcs.reconcile.reading import Patience

A = TypeVar("A")
B = TypeVar("B")

SILENCE_SECONDS: Final = 900
"""Three heartbeats: a member that was not heard of for so long is reported."""


class InParallel(Protocol):
    """Maps like `map`, perhaps on several threads; results in the order of the items."""

    def __call__(self, work: Callable[[A], B], items: Iterable[A], /) -> Iterable[B]: ...


def resync_one(importer: Importer, key: ServiceKey, *, may_remove: bool = True) -> Outcome | Failure:
    """Reconcile one key; whatever goes wrong with it is its own failure and an answer to whoever asked."""
    try:
        return importer.reconcile(key, Ask({}, Patience.RESYNC, may_remove=may_remove))
    except Exception as error:  # noqa: BLE001  # one odd key, or a bug that it brings out, must not stop the others
        return failure(key, error)


def within(keys: Iterable[ServiceKey], namespace: str | None) -> tuple[ServiceKey, ...]:
    """Give the keys of a namespace, or all of them, in order."""
    return tuple(sorted(key for key in keys if namespace is None or key.namespace == namespace))


def indexed(importer: Importer, namespaces: Collection[str]) -> frozenset[ServiceKey]:
    """Give the keys of some namespaces that the index has. Raises what listing the index raises."""
    index = importer.registry.index()
    return frozenset(key for namespace in namespaces for key in within(index.keys, namespace))


def lacking(importer: Importer, keys: frozenset[ServiceKey]) -> frozenset[ServiceKey]:
    """Give those of some keys of which the cluster holds nothing yet.

    There is nothing to remove of them, so that no brake is needed. Raises what listing the cluster raises; it is not
    listed for no keys.
    """
    return keys - importer.cluster.imports() if keys else keys


@dataclass(frozen=True, slots=True)
class Clusterset:
    """What the index says of the clusterset: entries that cannot be read, and members that have fallen silent.

    A silent member is reported and never expired: its workloads may be well.
    """

    set_aside: tuple[SetAside, ...] = ()
    silent: tuple[ClusterId, ...] = ()


@dataclass(frozen=True, slots=True)
class Resynced:
    """What a resync did. `unfinished_after` is the last key that was looked at when the time was up.

    `held_back` are imports that should go and have not: because of the brake, or until the rest has been counted.
    """

    outcomes: tuple[Outcome | Failure, ...]
    clusterset: Clusterset = Clusterset()
    held_back: tuple[ServiceKey, ...] = ()
    is_braked: bool = False
    is_unfinished: bool = False
    unfinished_after: ServiceKey | None = None


@dataclass(frozen=True, slots=True)
class Resyncer:
    """Resyncs one cluster, or one namespace of it. `pause` is called before each key and bounds the rate of reads."""

    importer: Importer
    clock: Clock
    in_parallel: InParallel
    pause: Callable[[], None]
    namespace: str | None = None

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
        imports, index = self.importer.cluster.imports(), self.importer.registry.index()
        keys = [key for key in within(index.keys | imports, self.namespace) if after is None or key > after]
        looked = self._each(keys, until_ms, may_remove=False)
        held_back += tuple(item.key for item in looked if isinstance(item, Outcome) and item.skip is Skip.HELD_BACK)
        result = Resynced(looked, self._clusterset(index), held_back)
        if left := _missing(keys, looked):
            done = [key for key in keys if key < left[0]]
            return replace(result, is_unfinished=True, unfinished_after=done[-1] if done else after)
        if brake.holds(len(held_back), len(imports)) and not is_forced:
            return replace(result, is_braked=True)
        removed = self._each(held_back, until_ms, may_remove=True)
        kept = tuple(item for item in looked if item.key not in held_back)
        result = replace(result, outcomes=(*kept, *removed), held_back=_missing(held_back, removed))
        if result.held_back:
            return replace(result, is_unfinished=True, unfinished_after=keys[-1] if keys else after)
        return result

    def _each(self, keys: Sequence[ServiceKey], until_ms: int, *, may_remove: bool) -> tuple[Outcome | Failure, ...]:
        """Reconcile keys until the time is up; there is no result of those that were left."""
        return tuple(
            item for item in self.in_parallel(lambda key: self._one(key, until_ms, may_remove=may_remove), keys) if item
        )

    def _one(self, key: ServiceKey, until_ms: int, *, may_remove: bool) -> Outcome | Failure | None:
        if self.clock.now_ms() >= until_ms:
            return None
        self.pause()
        return resync_one(self.importer, key, may_remove=may_remove)

    def _clusterset(self, index: Index) -> Clusterset:
        oldest = self.clock.now_ms() // 1000 - SILENCE_SECONDS
        silent = tuple(sorted(member.cluster for member in index.members if member.heartbeat < oldest))
        return Clusterset(index.set_aside, silent)


def _missing(keys: Sequence[ServiceKey], results: Iterable[Outcome | Failure]) -> tuple[ServiceKey, ...]:
    done = {item.key for item in results}
    return tuple(key for key in keys if key not in done)
