import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.errors import IdentityError, OversizeError, RetryableError
from cloudmap_mcs.ports import Member
from cloudmap_mcs.reconcile.ledger import Ledger
from cloudmap_mcs.watcher.identity import ClusterIdentity
from cloudmap_mcs.watcher.membership import HEARTBEAT_SECONDS, RETRY_SECONDS, Membership, Standing, pause_after
from tests.builders import KEY, a_record, an_export
from tests.fakes.clock import FixedClock
from tests.fakes.time import until
from tests.fakes.writing import Troubles, WritableRegistry

A = ClusterId("a")
OTHER = ServiceKey("shop", "other")
RECORD = a_record(an_export("a"))


class Rig:
    """The thread's waits between beats are real, so tests bring beats about by changing keys."""

    def __init__(self) -> None:
        self.troubles = Troubles()
        self.registry = WritableRegistry(before=self.troubles)
        self.ledger = Ledger()
        self.clock = FixedClock()
        self.losses: list[str] = []
        self.may_write = True
        standing = Standing(lambda: self.may_write, lambda: self.losses.append("lost"))
        identity = ClusterIdentity(A, "uid-a")
        self.membership = Membership(identity, self.registry, self.ledger, clock=self.clock, standing=standing)

    def entry(self) -> Member:
        return self.registry.members[A]

    def held(self, *keys: ServiceKey, owner: str = "uid-a") -> None:
        self.registry.members[A] = Member(A, owner, "0", (1,), 0, frozenset(keys))

    def run(self) -> None:
        self.membership.join((1,))
        self.membership.start()

    def acknowledge(self, key: ServiceKey = KEY) -> None:
        self.ledger.acknowledge(key, RECORD)
        self.membership.keys_changed()


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    if rig.membership.is_alive:
        rig.membership.close(seconds=10)


def test_joining_writes_an_entry_with_this_clusters_owner_and_a_heartbeat(rig: Rig) -> None:
    assert rig.membership.join((1,)) == frozenset()

    entry = rig.entry()
    assert (entry.owner, entry.formats, entry.keys) == ("uid-a", (1,), frozenset())
    assert entry.heartbeat == rig.clock.ms // 1000


def test_joining_again_keeps_every_inherited_key_listed(rig: Rig) -> None:
    rig.held(KEY, OTHER)

    assert rig.membership.join((1,)) == {KEY, OTHER}
    assert rig.entry().keys == {KEY, OTHER}


def test_an_inherited_key_stays_listed_until_the_registry_says_that_it_is_gone(rig: Rig) -> None:
    rig.held(KEY, OTHER)
    rig.run()
    rig.ledger.acknowledge(KEY, RECORD)
    rig.membership.keys_changed()
    assert rig.entry().keys == {KEY, OTHER}

    rig.ledger.acknowledge(OTHER, None)
    rig.membership.keys_changed()
    until(lambda: rig.entry().keys == {KEY})


def test_a_clone_with_a_copied_id_writes_nothing_and_is_told_whose_id_it_is(rig: Rig) -> None:
    rig.held(KEY, owner="uid-of-the-original")
    with pytest.raises(IdentityError, match=r"uid-of-the-original.*an id of its own"):
        rig.membership.join((1,))

    assert rig.entry().owner == "uid-of-the-original"
    assert rig.troubles.count("put_member") == 0


def test_a_new_key_is_listed_soon(rig: Rig) -> None:
    rig.run()
    rig.acknowledge()

    until(lambda: rig.entry().keys == {KEY})


def test_nothing_is_written_while_the_keys_stay_the_same(rig: Rig) -> None:
    rig.run()
    rig.acknowledge()
    until(lambda: rig.entry().keys == {KEY})
    for _ in range(5):
        rig.acknowledge()
    rig.membership.close(seconds=10)

    assert rig.troubles.count("put_member") == 2


def test_a_key_that_comes_while_the_entry_is_written_is_written_next(rig: Rig) -> None:
    """It was compared with the list before: without another look the index would lack it until the next heartbeat."""
    rig.held(KEY)
    rig.run()

    def meanwhile(name: str) -> None:
        if name == "put_member":
            rig.troubles.then = lambda _: None
            rig.acknowledge(KEY)

    rig.troubles.then = meanwhile
    rig.ledger.acknowledge(KEY, None)
    rig.membership.keys_changed()

    until(lambda: rig.troubles.count("put_member") == 3)
    assert rig.entry().keys == {KEY}


def test_closing_writes_what_is_due(rig: Rig) -> None:
    rig.run()
    rig.acknowledge()
    rig.membership.close(seconds=10)

    assert rig.entry().keys == {KEY}
    assert not rig.membership.is_alive


def test_without_the_lease_nothing_is_written(rig: Rig) -> None:
    rig.run()
    rig.may_write = False
    rig.acknowledge()
    rig.membership.close(seconds=10)

    assert rig.entry().keys == frozenset()


def test_a_heartbeat_that_fails_is_repeated(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudmap_mcs.watcher.membership.RETRY_SECONDS", 0.01)
    rig.run()
    rig.troubles.once["put_member"] = RetryableError("throttled")
    rig.acknowledge()

    until(lambda: rig.entry().keys == {KEY})


def test_what_a_person_must_mend_is_tried_less_and_less_often_and_what_passes_as_often_as_before() -> None:
    pauses = [pause_after(OversizeError("5,000 keys"), None)]
    for _ in range(8):
        pauses.append(pause_after(OversizeError("5,000 keys"), pauses[-1]))

    assert pauses[0] == RETRY_SECONDS
    assert all(later == min(2 * earlier, HEARTBEAT_SECONDS) for earlier, later in pairwise(pauses))
    assert pauses[-1] == HEARTBEAT_SECONDS
    assert pause_after(RetryableError("throttled"), HEARTBEAT_SECONDS) == RETRY_SECONDS


def test_changes_do_not_hurry_what_was_refused_but_closing_tries_once_more(rig: Rig) -> None:
    rig.run()
    rig.troubles.lasting["put_member"] = OversizeError("too many keys")
    rig.acknowledge()
    until(lambda: rig.troubles.count("put_member") == 2)
    for number in range(20):
        rig.acknowledge(ServiceKey("shop", f"other-{number}"))
        time.sleep(0.005)  # a thread that is in a hurry has its chance
    rig.membership.close(seconds=10)

    assert not rig.membership.is_alive
    assert rig.troubles.count("put_member") == 3


def test_heartbeats_go_on_without_any_change(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudmap_mcs.watcher.membership.HEARTBEAT_SECONDS", 0.01)
    rig.run()
    rig.clock.ms += 300_000

    until(lambda: rig.entry().heartbeat == rig.clock.ms // 1000)


def test_an_entry_that_became_another_clusters_ends_everything(rig: Rig) -> None:
    rig.run()
    rig.held(owner="uid-of-a-clone")
    rig.acknowledge()

    until(lambda: not rig.membership.is_alive)
    assert rig.membership.is_lost
    assert rig.losses == ["lost"]
    assert rig.entry().owner == "uid-of-a-clone"
