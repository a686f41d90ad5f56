from cloudmap_mcs.watcher.appearing import Appearances
from tests.fakes.time import Seconds


class Rig:
    """Appearances that keep a name for 300 s, and what they passed on."""

    def __init__(self) -> None:
        self.now = Seconds()
        self.appearances = Appearances(kept=300, monotonic=self.now)
        self.told: list[str] = []

    def begin(self) -> None:
        self.appearances.begin(self.told.append)


def test_an_active_replica_is_told_at_once_and_each_time() -> None:
    rig = Rig()
    rig.begin()
    for name in ("shop", "bank", "shop"):
        rig.appearances.add(name)

    assert rig.told == ["shop", "bank", "shop"]


def test_what_appears_while_nobody_is_active_is_told_once_when_somebody_is() -> None:
    rig = Rig()
    for name in ("shop", "bank", "shop"):
        rig.appearances.add(name)
    rig.begin()

    assert rig.told == ["shop", "bank"]


def test_what_a_resync_has_looked_at_is_not_told() -> None:
    rig = Rig()
    rig.appearances.add("old")
    rig.now.now += 1
    rig.appearances.add("young")
    rig.now.now += 299.5
    rig.begin()

    assert rig.told == ["young"]


def test_a_replica_that_is_no_longer_active_is_told_nothing() -> None:
    rig = Rig()
    rig.begin()
    rig.appearances.end()
    rig.appearances.add("shop")

    assert rig.told == []


def test_a_standby_does_not_collect_names_for_ever() -> None:
    rig = Rig()
    for number in range(1_000):
        rig.now.now += 10
        rig.appearances.add(f"s{number}")

    assert len(rig.appearances._waiting) <= 31
