"""One life of the watcher: what it does, how it ends, who comes after it."""

import logging
import threading

import pytest

from cloudmap_mcs.domain.model import ClusterId, Gap, ServiceKey
from cloudmap_mcs.domain.offers import NoExport
from cloudmap_mcs.domain.wellknown import ConditionType
from cloudmap_mcs.errors import RetryableError, UnreachableError
from cloudmap_mcs.ports import Appeared, Member
from tests.builders import KEY, a_record, a_slice, an_export
from tests.fakes.time import until
from tests.watcher.world import Scene, joined

A = ClusterId("a")
READY = ConditionType.READY


def test_an_export_is_registered_announced_and_listed_and_goes_again(scene: Scene) -> None:
    life = joined(scene.start())
    life.export(a_slice("10.0.0.1"))
    (change,) = scene.bus.wait_for(1)
    record = scene.record()
    assert record
    assert (change.key, change.cluster, change.generation) == (KEY, A, record.generation)
    until(lambda: scene.memory.members[A].keys == {KEY})

    life.unexport()
    assert scene.bus.wait_for(2)[1].generation > change.generation
    assert life.stop() == 0


def test_a_graceful_stop_finishes_what_is_under_way_and_gives_the_lease_away(scene: Scene) -> None:
    life = joined(scene.start())
    entered, leave = threading.Event(), threading.Event()

    def slow(name: str) -> None:
        if name == "put done":
            entered.set()
            leave.wait(10)

    scene.troubles.then = slow
    life.export(a_slice("10.0.0.1"))
    assert entered.wait(10)
    life.watcher.stop()
    assert life.thread.is_alive()
    assert scene.leases.holder == "one"
    leave.set()

    assert life.end() == 0
    assert [change.key for change in scene.bus.changes] == [KEY]
    assert scene.memory.members[A].keys == {KEY}
    assert scene.leases.holder == ""


def test_nothing_is_withdrawn_before_the_whole_cluster_was_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """In a cache that is half full, exports of an earlier life look as if they were gone."""
    monkeypatch.setattr("cloudmap_mcs.watcher.running.IDENTITY_SECONDS", 0.05)
    scene.memory.write(KEY, A, a_record(an_export("a"), 1))
    scene.memory.members[A] = Member(A, "uid-a", "1", (1,), 0, frozenset([KEY]))
    scene.cluster.unsynced = {"services": "503"}
    life = scene.start()
    until(lambda: any(line.message == "waiting for the first lists" for line in caplog.records))
    assert not life.is_member()
    assert life.watcher.readiness() == {"synced": False}
    assert scene.troubles.count("put") == 0

    scene.cluster.export()
    scene.cluster.unsynced = {}
    joined(life)
    until(lambda: scene.cluster.condition(READY))

    assert all(change.key == KEY for change in scene.bus.changes)
    record = scene.record()
    assert record
    assert record.is_exporter


def test_without_the_right_to_list_namespaces_exports_go_on_and_a_line_says_what_is_missing(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.cluster.unsynced = {"namespaces": "HTTP 403"}
    life = joined(scene.start())
    life.export(a_slice("10.0.0.1"))
    scene.bus.wait_for(1)

    assert scene.record()
    assert life.watcher.readiness() == {"synced": True}
    until(lambda: any(line.message == "going on without a list" for line in caplog.records))
    (line,) = [line for line in caplog.records if line.message == "going on without a list"]
    assert line.__dict__["missing"] == {"namespaces": "HTTP 403"}


def test_a_watcher_that_waits_for_its_first_lists_can_be_stopped(scene: Scene) -> None:
    scene.cluster.unsynced = {"services": "503"}
    life = scene.start()
    until(life.leadership.is_held)

    assert life.stop() == 0


def test_what_was_unexported_while_no_watcher_ran_is_withdrawn_at_start(scene: Scene) -> None:
    life = joined(scene.start())
    life.export(a_slice("10.0.0.1"))
    scene.bus.wait_for(1)
    until(lambda: scene.memory.members[A].keys == {KEY})
    life.stop()
    scene.cluster.unexport()

    joined(scene.start())
    scene.bus.wait_for(2)

    record = scene.record()
    assert record
    assert record.content is Gap.UNEXPORTED


def test_a_standby_is_ready_and_takes_over_when_the_leader_goes(scene: Scene) -> None:
    leader = joined(scene.start("one"))
    standby = scene.start("two")
    until(lambda: standby.watcher.readiness() == {"synced": True})
    assert all(standby.watcher.liveness().values())
    assert not standby.is_member()

    leader.stop()
    joined(standby)
    assert scene.leases.holder == "two"


def test_a_lost_lease_ends_this_life_and_writes_nothing_more(scene: Scene) -> None:
    life = joined(scene.start())
    held = scene.leases.held
    assert held
    scene.leases.update_lease(held, held.value.__class__("two", 15, 0, 0))
    until(lambda: not life.leadership.is_held())
    before = scene.troubles.count("put") + scene.troubles.count("put_member")
    life.export(a_slice("10.0.0.1"))

    assert life.end() == 1
    assert scene.troubles.count("put") + scene.troubles.count("put_member") == before
    assert scene.leases.holder == "two"


def test_liveness_names_the_threads_and_notices_one_that_ended(scene: Scene) -> None:
    life = joined(scene.start())
    assert life.watcher.liveness() == dict.fromkeys(
        ("reflectors", "workers", "announcements", "membership", "audit"), True
    )

    scene.troubles.lasting["announce"] = ValueError("a bug")
    life.export(a_slice("10.0.0.1"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading, "excepthook", lambda _: None)
        until(lambda: not life.watcher.liveness()["announcements"])


def test_a_bug_that_one_key_brings_out_is_logged_and_stops_no_other(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    life = joined(scene.start())
    scene.troubles.once["put"] = ValueError("a bug")
    with caplog.at_level(logging.ERROR, "cloudmap_mcs.watcher"):
        life.export(a_slice("10.0.0.1"))
        until(lambda: caplog.records)
    life.export(a_slice("10.0.0.1"), key=ServiceKey("shop", "other"))

    assert {change.key.name for change in scene.bus.wait_for(2)} == {"web", "other"}
    assert caplog.records[0].exc_info
    assert caplog.records[0].__dict__["service_name"] == "web"


def test_a_write_that_fails_is_repeated_by_itself(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    life = joined(scene.start())
    scene.troubles.once["put"] = RetryableError("throttled")
    with caplog.at_level(logging.WARNING, "cloudmap_mcs.watcher"):
        life.export(a_slice("10.0.0.1"))
        scene.bus.wait_for(1)

    assert [line.__dict__["reason"] for line in caplog.records if line.message == "export failed"] == ["Retryable"]
    assert not isinstance(scene.record(), NoExport)


def test_conditions_that_failed_are_written_later_without_another_announcement(scene: Scene) -> None:
    life = joined(scene.start())
    scene.troubles.once["write_conditions"] = UnreachableError("the API server restarts")
    life.export(a_slice("10.0.0.1"))
    until(lambda: scene.cluster.condition(READY))

    assert len(scene.bus.changes) == 1


def test_a_namespace_that_appears_is_announced_for_this_cluster_by_the_leader_only(scene: Scene) -> None:
    leader = joined(scene.start("one"))
    standby = scene.start("two")
    until(lambda: standby.watcher.readiness() == {"synced": True})
    for life in (leader, standby):
        life.appearances.add("shop")
    until(lambda: scene.bus.appeared)
    leader.export(a_slice("10.0.0.1"))
    scene.bus.wait_for(1)

    assert scene.bus.appeared == [Appeared("shop", A)]


def test_what_appears_between_two_leaders_is_announced_by_the_second(scene: Scene) -> None:
    leader = joined(scene.start("one"))
    standby = scene.start("two")
    leader.stop()
    standby.appearances.add("shop")
    joined(standby)
    until(lambda: scene.bus.appeared)

    assert scene.bus.appeared == [Appeared("shop", A)]


def test_what_appears_when_the_leader_has_stopped_is_kept_for_whoever_comes_next(scene: Scene) -> None:
    leader = joined(scene.start("one"))
    leader.stop()
    leader.appearances.add("shop")
    told: list[str] = []
    leader.appearances.begin(told.append)

    assert told == ["shop"]
    assert scene.bus.appeared == []
