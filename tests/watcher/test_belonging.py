"""Which cluster the watcher is: what it does before it knows, and when that turns out to be otherwise."""

import logging

import pytest

from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.domain.wellknown import ConditionType, Reason
from cloudmap_mcs.errors import PermanentError, UnreachableError
from cloudmap_mcs.ports import Member
from tests.builders import KEY, a_record, a_slice, an_export
from tests.fakes.time import until
from tests.watcher.world import Scene, joined

A = ClusterId("a")
READY = ConditionType.READY


def test_a_missing_identity_is_a_condition_and_a_log_line_until_it_is_there(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.cluster.properties_held = {}
    scene.cluster.export()
    with caplog.at_level(logging.ERROR, "cloudmap_mcs.watcher"):
        life = scene.start()
        until(lambda: scene.cluster.condition(READY))
    ready = scene.cluster.condition(READY)
    assert ready
    assert (ready.status, ready.reason) == (False, Reason.FAILED)
    assert "create it" in ready.message
    assert "create it" in str(caplog.records[0].__dict__["problem"])

    life.changes_identity(cluster="a", clusterset="prod")
    joined(life)
    until(lambda: scene.bus.changes)
    ready = scene.cluster.condition(READY)
    assert ready
    assert ready.status


def test_a_cloned_cluster_says_so_on_every_export_and_touches_nothing(scene: Scene) -> None:
    keys = [KEY, ServiceKey("shop", "other")]
    original = a_record(an_export("a"), 1)
    scene.memory.write(KEY, A, original)
    entry = Member(A, "uid-of-the-original", "1", (1,), 0, frozenset([KEY]))
    scene.memory.members[A] = entry
    for key in keys:
        scene.cluster.export(key)
    life = scene.start()
    until(lambda: all(scene.cluster.condition(READY, key) for key in keys))

    for key in keys:
        ready = scene.cluster.condition(READY, key)
        assert ready
        assert "uid-of-the-original" in ready.message
    assert scene.memory.members[A] == entry
    assert scene.record() == original
    assert life.stop() == 0


def test_an_identity_that_changes_ends_this_life(scene: Scene) -> None:
    life = joined(scene.start())
    life.changes_identity(cluster="b")

    assert life.end() == 1


def test_a_property_that_was_touched_but_says_the_same_changes_nothing(scene: Scene) -> None:
    life = joined(scene.start())
    owners = scene.troubles.count("owner")
    life.changes_identity(cluster="a")
    until(lambda: scene.troubles.count("owner") > owners)

    assert life.is_member()
    assert life.stop() == 0


def test_an_identity_that_cannot_be_asked_for_is_asked_for_again(scene: Scene) -> None:
    life = joined(scene.start())
    scene.troubles.lasting["owner"] = UnreachableError("the API server restarts")
    owners = scene.troubles.count("owner")
    life.changes_identity(cluster="b")
    until(lambda: scene.troubles.count("owner") > owners + 1)
    assert life.is_member()

    scene.troubles.lasting.clear()
    assert life.end() == 1


def test_a_member_entry_that_is_taken_over_ends_this_life(scene: Scene) -> None:
    life = joined(scene.start())
    scene.memory.members[A] = Member(A, "uid-of-a-clone", "1", (1,), 0, frozenset())
    life.export(a_slice("10.0.0.1"))

    assert life.end() == 1
    assert scene.memory.members[A].owner == "uid-of-a-clone"


def test_a_start_during_an_outage_takes_nobodys_ready_away(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    life = joined(scene.start())
    life.export(a_slice("10.0.0.1"))
    until(lambda: scene.cluster.condition(READY))
    life.stop()
    monkeypatch.setattr("cloudmap_mcs.watcher.running.IDENTITY_SECONDS", 0.05)
    fresh = ServiceKey("shop", "fresh")
    scene.cluster.export(fresh)
    scene.troubles.lasting["read_member"] = UnreachableError("Cloud Map does not answer")

    again = scene.start()
    until(lambda: scene.cluster.condition(READY, fresh))
    ready, pending = scene.cluster.condition(READY), scene.cluster.condition(READY, fresh)
    assert ready
    assert ready.status
    assert pending
    assert (pending.status, pending.reason) == (False, Reason.PENDING)

    scene.troubles.lasting.clear()
    joined(again)


def test_conditions_that_cannot_be_written_without_an_identity_do_not_end_the_watcher(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudmap_mcs.watcher.running.IDENTITY_SECONDS", 0.05)
    scene.cluster.properties_held = {}
    scene.cluster.export()
    scene.troubles.lasting["write_conditions"] = PermanentError("forbidden")
    life = scene.start()
    until(lambda: scene.troubles.count("write_conditions") > 2)
    assert life.thread.is_alive()

    scene.troubles.lasting.clear()
    life.changes_identity(cluster="a", clusterset="prod")
    joined(life)
