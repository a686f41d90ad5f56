from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest

from cloudmap_mcs.domain.imports import ServiceImport
from cloudmap_mcs.domain.model import ClusterId, Gap, ServiceKey
from cloudmap_mcs.errors import PermanentError, UnreachableError
from cloudmap_mcs.ports import Member, SetAside
from cloudmap_mcs.reconcile.importing import Importer
from cloudmap_mcs.reconcile.outcome import Failure, Outcome, Verb
from cloudmap_mcs.reconcile.resyncing import SILENCE_SECONDS, Resynced, Resyncer
from tests.builders import MEMBERS, a_record, a_slice, an_export
from tests.fakes.clock import FixedClock
from tests.fakes.cluster import InMemoryCluster
from tests.fakes.registry import InMemoryRegistry
from tests.fakes.writing import Troubles

A = ClusterId("a")
LATER = 10**15


@dataclass
class Rig:
    """Several keys of cluster a, imported into z. `pauses` counts what the rate limiter would see."""

    troubles: Troubles = field(default_factory=Troubles)
    clock: FixedClock = field(default_factory=FixedClock)
    pauses: int = 0

    def __post_init__(self) -> None:
        self.registry = InMemoryRegistry(before=self.troubles)
        self.cluster = InMemoryCluster(before=self.troubles)

    def offer(self, keys: Iterable[ServiceKey], *, imported: bool = False) -> None:
        for key in keys:
            export = an_export("a", key=key, slices=[a_slice("10.0.0.1")])
            self.registry.write(key, A, a_record(export, 1))
        self.index(keys)
        if imported:
            self.resync()

    def withdraw(self, keys: Iterable[ServiceKey]) -> None:
        for key in keys:
            self.registry.write(key, A, a_record(Gap.UNEXPORTED, 2))
        self.index(())

    def index(self, keys: Iterable[ServiceKey]) -> None:
        self.registry.members[A] = Member(A, "uid-a", "1", (1,), 0, frozenset(keys))

    def resync(
        self,
        *,
        seconds: float = LATER,
        after: ServiceKey | None = None,
        held_back: tuple[ServiceKey, ...] = (),
        is_forced: bool = False,
    ) -> Resynced:
        importer = Importer(ClusterId("z"), self.cluster, self.registry, self.clock, MEMBERS)
        until = self.clock.ms + int(seconds * 1000)
        return Resyncer(importer, self.clock, map, self._pause).resync(
            until_ms=until, after=after, held_back=held_back, is_forced=is_forced
        )

    def _pause(self) -> None:
        self.pauses += 1
        self.clock.ms += 1_000

    @property
    def imported(self) -> set[ServiceKey]:
        return {key for kind, key, _ in self.cluster.objects if kind is ServiceImport}


def keys(count: int) -> list[ServiceKey]:
    return [ServiceKey("shop", f"s{number:02}") for number in range(count)]


def verbs(resynced: Resynced) -> list[Verb]:
    return [change.verb for item in resynced.outcomes if isinstance(item, Outcome) for change in item.changes]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_everything_in_the_index_is_imported_at_the_given_rate(rig: Rig) -> None:
    rig.offer(keys(3))
    resynced = rig.resync()

    assert rig.imported == set(keys(3))
    assert [item.key for item in resynced.outcomes] == keys(3)
    assert rig.pauses == 3
    assert not (resynced.is_braked)
    assert not (resynced.is_unfinished)


def test_what_is_right_already_is_not_written(rig: Rig) -> None:
    rig.offer(keys(3), imported=True)

    assert verbs(rig.resync()) == []


def test_imports_that_no_index_names_are_looked_at_and_go(rig: Rig) -> None:
    rig.offer(keys(3), imported=True)
    rig.withdraw(keys(1))
    resynced = rig.resync()

    assert rig.imported == set(keys(3)[1:])
    assert set(verbs(resynced)) == {Verb.DELETED}
    assert sorted(item.key for item in resynced.outcomes) == keys(3)


def test_what_the_index_merely_forgot_stays(rig: Rig) -> None:
    rig.offer(keys(3), imported=True)
    rig.index(())

    assert verbs(rig.resync()) == []
    assert rig.imported == set(keys(3))


def test_the_brake_holds_all_removals_when_they_are_many(rig: Rig) -> None:
    rig.offer(keys(40), imported=True)
    rig.withdraw(keys(11))
    resynced = rig.resync()

    assert resynced.is_braked
    assert resynced.held_back == tuple(keys(11))
    assert rig.imported == set(keys(40))


def test_the_brake_lets_other_keys_change(rig: Rig) -> None:
    rig.offer(keys(20), imported=True)
    rig.withdraw(keys(15))
    fresh = ServiceKey("shop", "zz")
    rig.offer([fresh])

    assert rig.resync().is_braked
    assert fresh in rig.imported


def test_force_overrides_the_brake(rig: Rig) -> None:
    rig.offer(keys(20), imported=True)
    rig.withdraw(keys(15))
    resynced = rig.resync(is_forced=True)

    assert not resynced.is_braked
    assert rig.imported == set(keys(20)[15:])


def test_ten_removals_and_a_quarter_of_all_are_no_reason_to_brake(rig: Rig) -> None:
    rig.offer(keys(10), imported=True)
    rig.withdraw(keys(10))

    assert not rig.resync().is_braked
    assert not rig.imported


def test_when_the_time_is_up_the_rest_is_left_and_nothing_is_removed(rig: Rig) -> None:
    rig.offer(keys(6), imported=True)
    rig.withdraw(keys(1))
    resynced = rig.resync(seconds=3)

    assert (resynced.is_unfinished, resynced.unfinished_after) == (True, keys(6)[2])
    assert resynced.held_back == (keys(1)[0],)
    assert rig.imported == set(keys(6))


def test_the_next_invocation_goes_on_after_the_last_key_and_removes_what_was_carried_along(rig: Rig) -> None:
    rig.offer(keys(6), imported=True)
    rig.withdraw(keys(1))
    first = rig.resync(seconds=3)
    rig.pauses = 0
    second = rig.resync(after=first.unfinished_after, held_back=first.held_back)

    assert rig.pauses == 4
    assert not second.is_unfinished
    assert rig.imported == set(keys(6)[1:])


def test_without_time_for_any_key_there_is_no_place_to_go_on_from(rig: Rig) -> None:
    rig.offer(keys(2))
    resynced = rig.resync(seconds=0)

    assert (resynced.is_unfinished, resynced.unfinished_after) == (True, None)


def test_removals_of_all_invocations_count_together_for_the_brake(rig: Rig) -> None:
    rig.offer(keys(20), imported=True)
    rig.withdraw(keys(12))
    first = rig.resync(seconds=6)
    second = rig.resync(after=first.unfinished_after, held_back=first.held_back)

    assert second.is_braked
    assert second.held_back == tuple(keys(12))


def test_a_key_that_fails_is_reported_and_stops_no_other(rig: Rig) -> None:
    rig.offer(keys(3))
    rig.troubles.once["discover"] = PermanentError("no such thing")
    resynced = rig.resync()

    assert resynced.outcomes[0] == Failure(keys(1)[0], "Failed", "no such thing")
    assert rig.imported == set(keys(3)[1:])


@pytest.mark.parametrize("call", ["index", "imports"])
def test_a_list_that_fails_removes_nothing(rig: Rig, call: str) -> None:
    rig.offer(keys(3), imported=True)
    rig.withdraw(keys(3))
    rig.troubles.once[call] = UnreachableError("gone")
    with pytest.raises(UnreachableError):
        rig.resync()

    assert rig.imported == set(keys(3))


def test_an_unreachable_registry_removes_nothing(rig: Rig) -> None:
    rig.offer(keys(3), imported=True)
    rig.withdraw(keys(3))
    rig.troubles.lasting = dict.fromkeys(("discover", "read"), UnreachableError("gone"))
    resynced = rig.resync()

    assert all(isinstance(item, Failure) for item in resynced.outcomes)
    assert rig.imported == set(keys(3))


def in_reverse(work: Callable[[ServiceKey], object], items: Iterable[ServiceKey]) -> list[object]:
    done = {item: work(item) for item in reversed(list(items))}
    return [done[item] for item in sorted(done)]


def test_keys_after_the_first_that_was_left_are_done_again(rig: Rig) -> None:
    """Threads do not finish in order: what lies behind a gap is not taken for done."""
    rig.offer(keys(4))
    importer = Importer(ClusterId("z"), rig.cluster, rig.registry, rig.clock, MEMBERS)
    parallel: Callable[..., Iterable[object]] = in_reverse
    resyncer = Resyncer(importer, rig.clock, parallel, rig._pause)  # type: ignore[arg-type]  # one item type only
    resynced = resyncer.resync(until_ms=rig.clock.ms + 2_000)

    assert resynced.is_unfinished
    assert resynced.unfinished_after is None
    assert [item.key for item in resynced.outcomes] == keys(4)[2:]


def test_removals_that_do_not_fit_into_the_time_are_carried_on(rig: Rig) -> None:
    rig.offer(keys(8), imported=True)
    rig.withdraw(keys(8)[:4])

    first = rig.resync(seconds=10)
    second = rig.resync(after=first.unfinished_after, held_back=first.held_back)

    assert (first.is_unfinished, first.held_back, first.unfinished_after) == (True, tuple(keys(8)[2:4]), keys(8)[-1])
    assert not second.is_unfinished
    assert rig.imported == set(keys(8)[4:])


def test_a_bug_that_one_key_brings_out_is_its_own_failure(rig: Rig) -> None:
    rig.offer(keys(2))
    rig.troubles.once["observe"] = ValueError("a field nobody thought of")

    failed, imported = rig.resync().outcomes

    assert failed == Failure(keys(1)[0], "ValueError", "a field nobody thought of")
    assert isinstance(imported, Outcome)


def test_members_that_fell_silent_and_entries_that_cannot_be_read_are_reported(rig: Rig) -> None:
    rig.registry.set_aside = (SetAside("d", "generation: not a number"),)
    now = rig.clock.ms // 1000
    for name, age in (("a", 100), ("b", SILENCE_SECONDS + 60)):
        cluster = ClusterId(name)
        rig.registry.members[cluster] = Member(cluster, f"uid-{name}", "1", (1,), now - age, frozenset())

    seen = rig.resync().clusterset

    assert (seen.silent, [aside.instance for aside in seen.set_aside]) == ((ClusterId("b"),), ["d"])
