import threading

import pytest

from cloudmap_mcs.watcher.workqueue import Urgency, WorkQueue
from tests.fakes.time import Seconds, until


@pytest.fixture
def now() -> Seconds:
    return Seconds()


@pytest.fixture
def queue(now: Seconds) -> WorkQueue[str]:
    return WorkQueue(monotonic=now, random=lambda: 1.0)


def ready(queue: WorkQueue[str]) -> list[str]:
    """Take all that is due now."""
    queue.add("\0end", urgency=max(Urgency))
    taken = []
    while (key := queue.take()) and key != "\0end":
        taken.append(key)
    queue.succeeded("\0end")
    return taken


def test_the_same_key_twice_is_once(queue: WorkQueue[str]) -> None:
    queue.add("web")
    queue.add("web")

    assert ready(queue) == ["web"]


def test_a_key_is_with_one_worker_at_a_time_and_comes_again_if_it_changed_meanwhile(queue: WorkQueue[str]) -> None:
    queue.add("web")
    assert queue.take() == "web"
    queue.add("web")
    assert ready(queue) == []

    queue.succeeded("web")
    assert ready(queue) == ["web"]


def test_changes_go_before_audits(queue: WorkQueue[str], now: Seconds) -> None:
    queue.add("audited", urgency=Urgency.AUDIT)
    now.now += 1
    queue.add("changed")

    assert ready(queue) == ["changed", "audited"]


def test_a_change_makes_a_key_that_waits_for_its_audit_urgent(queue: WorkQueue[str]) -> None:
    queue.add("a", urgency=Urgency.AUDIT)
    queue.add("b", urgency=Urgency.AUDIT)
    queue.add("b")
    queue.add("b", urgency=Urgency.AUDIT)

    assert ready(queue) == ["b", "a"]


def test_a_delayed_key_waits_unless_it_changes(queue: WorkQueue[str], now: Seconds) -> None:
    queue.add("later", after=10)
    queue.add("sooner", after=10)
    queue.add("sooner")
    assert ready(queue) == ["sooner"]

    now.now += 10
    assert ready(queue) == ["later"]


def test_a_later_look_does_not_put_off_an_earlier_one(queue: WorkQueue[str]) -> None:
    queue.add("web")
    queue.add("web", after=900)

    assert ready(queue) == ["web"]


def test_failures_back_off_per_key_up_to_a_minute(queue: WorkQueue[str], now: Seconds) -> None:
    pauses = []
    queue.add("web")
    for _ in range(10):
        assert ready(queue) == ["web"]
        queue.failed("web")
        began = now.now
        while not ready(queue):
            now.now += 0.25
        pauses.append(now.now - began)
        queue.add("web")
        queue._taken.clear()

    assert pauses == [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_success_starts_the_back_off_anew(queue: WorkQueue[str], now: Seconds) -> None:
    queue.add("web")
    for _ in range(5):
        ready(queue)
        queue.failed("web")
        now.now += 60
    ready(queue)
    queue.succeeded("web")
    queue.add("web")
    ready(queue)
    queue.failed("web")
    now.now += 0.5

    assert ready(queue) == ["web"]


def test_a_failure_waits_at_least_as_long_as_it_was_told_to(queue: WorkQueue[str], now: Seconds) -> None:
    queue.add("web")
    ready(queue)
    queue.failed("web", at_least=300)
    now.now += 299
    assert ready(queue) == []

    now.now += 1
    assert ready(queue) == ["web"]


def test_depth_counts_what_waits_and_what_is_under_way(queue: WorkQueue[str]) -> None:
    queue.add("a")
    queue.add("b", after=10)
    queue.take()
    queue.add("a")

    assert queue.depth == 2


def test_closing_lets_every_waiting_worker_go(queue: WorkQueue[str]) -> None:
    taken: list[str | None] = []
    workers = [threading.Thread(target=lambda: taken.append(queue.take())) for _ in range(3)]
    for worker in workers:
        worker.start()
    queue.close()
    for worker in workers:
        worker.join(10)

    assert taken == [None] * 3


def test_a_worker_that_leaves_with_a_key_has_another_watch_what_remains(now: Seconds) -> None:
    """Of two keys due at one moment the second must not wait until the worker with the first comes back."""
    queue: WorkQueue[str] = WorkQueue(monotonic=now, random=lambda: 1.0)
    taken: list[str | None] = []
    watching = threading.Event()

    class Watched(threading.Condition):
        def notify(self, n: int = 1) -> None:
            watching.set()
            super().notify(n)

    queue._changed = Watched()
    queue.add("a")
    queue.add("b")
    watching.clear()
    worker = threading.Thread(target=lambda: taken.append(queue.take()))
    worker.start()
    worker.join(10)

    assert taken == ["a"]
    assert watching.is_set()


def test_many_workers_do_every_key_once_and_never_one_key_together() -> None:
    queue: WorkQueue[int] = WorkQueue(monotonic=Seconds(), random=lambda: 1.0)
    busy: set[int] = set()
    done: list[int] = []
    clashes: list[int] = []

    def work() -> None:
        while (key := queue.take()) is not None:
            if key in busy:
                clashes.append(key)
            busy.add(key)
            done.append(key)
            busy.discard(key)
            queue.succeeded(key)

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for _ in range(20):
        for key in range(20):
            queue.add(key)
    until(lambda: queue.depth == 0)
    queue.close()
    for worker in workers:
        worker.join(10)

    assert set(done) == set(range(20))
    assert clashes == []
