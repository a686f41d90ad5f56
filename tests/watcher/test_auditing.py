import pytest

from cloudmap_mcs.domain.model import Gap, ServiceKey
from cloudmap_mcs.errors import PermanentError, RetryableError
from cloudmap_mcs.reconcile.ledger import Ledger, Unread
from cloudmap_mcs.watcher.auditing import SWEEP_SECONDS, Audit
from cloudmap_mcs.watcher.workqueue import WorkQueue
from tests.builders import KEY, a_record, an_export
from tests.fakes.time import Seconds, until
from tests.fakes.writing import OWN, Troubles, WritableRegistry

OLD, NEW, GONE = (ServiceKey("shop", name) for name in ("old", "new", "gone"))
RECORD = a_record(an_export("a"))


class Rig:
    def __init__(self) -> None:
        self.now = Seconds()
        self.troubles = Troubles()
        self.registry = WritableRegistry(before=self.troubles)
        self.ledger = Ledger()
        self.queue: WorkQueue[ServiceKey] = WorkQueue(monotonic=self.now, random=lambda: 1.0)
        self.own = frozenset([NEW])
        self.audit = Audit(self.queue, self.ledger, self.registry, lambda: self.own, 0.01, self.now)

    def sweep(self) -> None:
        self.audit._sweep()


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_start_looks_at_the_own_keys_and_at_those_that_an_earlier_watcher_left(rig: Rig) -> None:
    rig.audit.period = 1_000
    rig.audit.start(frozenset([OLD]))
    until(lambda: rig.queue.depth == 2)
    rig.audit.stop()

    assert [rig.queue.take(), rig.queue.take()] == [NEW, OLD]
    assert rig.queue.depth == 2


def test_the_services_are_listed_before_any_key_is_asked_about(rig: Rig) -> None:
    """Listing tells the registry which service to ask; without it, a read depends on a data plane that may lag."""
    waiting: list[int] = []
    rig.troubles.then = lambda name: waiting.append(rig.queue.depth) if name == "keys" else None
    rig.audit.period = 1_000
    rig.audit.start(frozenset([OLD]))
    until(lambda: rig.queue.depth == 2)
    rig.audit.stop()

    assert waiting == [0]


def test_every_period_all_that_is_known_is_asked_again(rig: Rig) -> None:
    rig.ledger.acknowledge(KEY, RECORD)
    rig.audit.start(frozenset())
    until(lambda: rig.ledger.known(KEY) is Unread.UNREAD)
    rig.ledger.acknowledge(KEY, RECORD)
    until(lambda: rig.ledger.known(KEY) is Unread.UNREAD)
    rig.audit.stop()

    assert {rig.queue.take(), rig.queue.take()} == {KEY, NEW}


def test_changes_overtake_an_audit(rig: Rig) -> None:
    rig.audit.period = 1_000
    rig.audit.start(frozenset([OLD]))
    until(lambda: rig.queue.depth == 2)
    rig.audit.stop()
    rig.now.now += 1
    rig.queue.add(GONE)

    assert rig.queue.take() == GONE


def test_what_a_dead_watcher_wrote_before_it_could_list_it_is_found_among_the_services(rig: Rig) -> None:
    rig.own = frozenset()
    rig.registry.services = {GONE}
    rig.registry.write(GONE, OWN, RECORD)
    rig.troubles.once["keys"] = RetryableError("throttled")
    rig.audit.start(frozenset())
    until(lambda: rig.queue.depth == 1)
    rig.audit.stop()

    assert rig.queue.take() == GONE
    assert rig.troubles.count("keys") == 2


def test_a_service_is_removed_when_it_was_empty_twice(rig: Rig) -> None:
    rig.registry.services = {GONE}
    rig.sweep()
    assert rig.registry.services == {GONE}

    rig.sweep()
    assert rig.registry.services == set()


def test_a_service_that_is_used_between_two_sweeps_stays(rig: Rig) -> None:
    rig.registry.services = {GONE}
    rig.sweep()
    rig.registry.write(GONE, OWN, RECORD)
    rig.sweep()
    rig.registry.write(GONE, OWN, None)
    rig.sweep()

    assert rig.registry.services == {GONE}


def test_a_service_of_which_this_cluster_has_a_record_is_left_to_its_reconcile(rig: Rig) -> None:
    rig.registry.services = {KEY}
    rig.ledger.acknowledge(KEY, a_record(Gap.UNEXPORTED))
    rig.sweep()
    rig.sweep()

    assert rig.registry.services == {KEY}


def test_empty_services_are_looked_for_once_an_hour_and_a_failure_does_not_end_it(rig: Rig) -> None:
    rig.registry.services = {GONE}
    rig.ledger.acknowledge(KEY, RECORD)
    rig.audit.start(frozenset())
    until(lambda: rig.ledger.known(KEY) is Unread.UNREAD)
    assert rig.troubles.count("empty_services") == 0

    rig.troubles.once["empty_services"] = PermanentError("AccessDenied")
    rig.now.now += SWEEP_SECONDS
    until(lambda: rig.troubles.count("empty_services") == 1)
    rig.now.now += SWEEP_SECONDS
    until(lambda: rig.troubles.count("empty_services") == 2)
    rig.now.now += SWEEP_SECONDS
    until(lambda: not rig.registry.services)
    rig.audit.stop()


def test_services_that_cannot_be_listed_do_not_keep_audits_from_happening(rig: Rig) -> None:
    rig.troubles.lasting["keys"] = PermanentError("AccessDenied")
    rig.ledger.acknowledge(KEY, RECORD)
    rig.audit.start(frozenset())
    until(lambda: rig.troubles.count("keys") > 2)
    rig.audit.stop()

    assert rig.ledger.known(KEY) is Unread.UNREAD
