import logging
import threading

import pytest

from cloudmap_mcs.errors import PermanentError, UnreachableError
from cloudmap_mcs.watcher.leading import LEASE_NAME, LEASE_SECONDS, RENEW_SECONDS, Leadership
from tests.fakes.clock import FixedClock
from tests.fakes.leases import InMemoryLeases
from tests.fakes.time import Seconds
from tests.fakes.writing import Troubles

GOING = threading.Event()


class Looks(threading.Event):
    """Counts as not set for so many looks at it, and moves time on at each wait."""

    def __init__(self, now: Seconds, looks: int, seconds: float = 2.0) -> None:
        super().__init__()
        self._now, self._left, self._seconds = now, looks, seconds

    def wait(self, timeout: float | None = None) -> bool:
        del timeout
        self._now.now += self._seconds
        self._left -= 1
        if self._left <= 0:
            self.set()
        return self.is_set()


class Rig:
    def __init__(self) -> None:
        self.now = Seconds()
        self.troubles = Troubles()
        self.leases = InMemoryLeases(before=self.troubles)

    def replica(self, name: str) -> Leadership:
        return Leadership(self.leases, "system", name, clock=FixedClock(), monotonic=self.now)

    def leader(self, name: str = "one") -> Leadership:
        leading = self.replica(name)
        assert leading.acquire(GOING)
        return leading

    def waits(self, looks: int, seconds: float = 2.0) -> Looks:
        return Looks(self.now, looks, seconds)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_the_first_replica_makes_the_lease_and_leads(rig: Rig) -> None:
    leading = rig.leader()

    assert leading.is_held()
    assert rig.troubles.calls == [f"read system/{LEASE_NAME}", f"create system/{LEASE_NAME}"]
    assert rig.leases.held
    assert rig.leases.held.value.seconds == LEASE_SECONDS


def test_another_replica_waits_as_long_as_the_lease_is_renewed(rig: Rig) -> None:
    leading, other = rig.leader(), rig.replica("two")
    for _ in range(20):
        assert not other.acquire(rig.waits(1))
        leading._renewed = leading._try()

    assert rig.leases.holder == "one"


def test_another_replica_takes_over_only_after_the_lease_stood_still_for_its_whole_time(rig: Rig) -> None:
    rig.leader()
    other = rig.replica("two")
    began = rig.now.now

    assert other.acquire(rig.waits(100, seconds=1.0))
    assert rig.now.now - began > LEASE_SECONDS
    assert rig.leases.holder == "two"
    assert rig.leases.held
    assert rig.leases.held.value.transitions == 1


def test_a_lease_of_a_longer_time_is_respected(rig: Rig) -> None:
    rig.leader()
    assert rig.leases.held
    rig.leases.update_lease(rig.leases.held, rig.leases.held.value.__class__("one", 60, 0, 0))

    assert not rig.replica("two").acquire(rig.waits(30, seconds=2.0))


def test_the_leader_stops_writing_before_anybody_may_take_over(rig: Rig) -> None:
    leading = rig.leader()
    rig.now.now += RENEW_SECONDS - 0.1
    assert leading.is_held()

    rig.now.now += 0.1
    assert not leading.is_held()
    assert RENEW_SECONDS < LEASE_SECONDS


def test_holding_renews_until_told_to_stop(rig: Rig) -> None:
    leading = rig.leader()
    leading.hold(rig.waits(50))

    assert leading.is_held()
    assert rig.troubles.count("update") == 49


def test_a_failed_renewal_is_repeated_until_the_deadline_and_no_longer(rig: Rig) -> None:
    leading = rig.leader()
    rig.troubles.lasting["update"] = UnreachableError("gone")
    began = rig.now.now
    leading.hold(rig.waits(50))

    assert not leading.is_held()
    assert rig.now.now - began == RENEW_SECONDS
    assert rig.troubles.count("update") == 4


def test_a_renewal_that_is_answered_after_the_deadline_does_not_revive_the_leader(rig: Rig) -> None:
    leading = rig.leader()
    rig.troubles.lasting["update"] = UnreachableError("gone")

    def slow(name: str) -> None:
        if name == "update" and rig.troubles.count("update") == 4:
            rig.troubles.lasting.clear()
            rig.now.now += 4

    rig.troubles.then = slow
    leading.hold(rig.waits(50))

    assert rig.troubles.count("update") == 4
    assert not leading.is_held()


def test_a_lease_that_somebody_else_holds_is_lost_at_once(rig: Rig) -> None:
    leading = rig.leader()
    assert rig.leases.held
    rig.leases.update_lease(rig.leases.held, rig.leases.held.value.__class__("two", 15, 0, 0))
    leading.hold(rig.waits(50))

    assert not leading.is_held()
    assert rig.leases.holder == "two"


def test_a_released_lease_is_taken_over_at_once(rig: Rig) -> None:
    rig.leader().release()
    assert rig.leases.holder == ""

    assert rig.leader("two").is_held()


def test_releasing_leaves_somebody_elses_lease_alone(rig: Rig) -> None:
    leading = rig.leader()
    assert rig.leases.held
    rig.leases.update_lease(rig.leases.held, rig.leases.held.value.__class__("two", 15, 0, 0))
    leading.release()

    assert rig.leases.holder == "two"


@pytest.mark.parametrize("call", [f"read system/{LEASE_NAME}", "update"])
def test_a_release_that_fails_is_no_failure(rig: Rig, call: str) -> None:
    leading = rig.leader()
    rig.troubles.lasting[call] = UnreachableError("gone")
    leading.release()

    assert not leading.is_held()


def test_a_restarted_replica_of_the_same_name_leads_at_once(rig: Rig) -> None:
    rig.leader()

    assert rig.leader("one").is_held()


def test_two_replicas_that_start_together_make_one_leader(rig: Rig) -> None:
    first = rig.replica("one")
    second = rig.replica("two")

    def be_faster(name: str) -> None:
        if name.startswith("create"):
            rig.troubles.then = lambda _: None
            assert first.acquire(GOING)

    rig.troubles.then = be_faster
    assert not second.acquire(rig.waits(1))

    assert first.is_held()
    assert rig.leases.holder == "one"


def test_why_there_is_no_lease_is_told_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.troubles.lasting[f"read system/{LEASE_NAME}"] = PermanentError("leases is forbidden")
    with caplog.at_level(logging.WARNING, "cloudmap_mcs.watcher"):
        assert not rig.replica("one").acquire(rig.waits(5))

    (line,) = caplog.records
    assert "leases is forbidden" in str(line.__dict__["problem"])
