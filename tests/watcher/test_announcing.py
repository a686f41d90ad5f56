from collections.abc import Iterator

import pytest

from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.errors import RetryableError
from cloudmap_mcs.eventbridge.announcer import RefusedError
from cloudmap_mcs.ports import Appeared, Change
from cloudmap_mcs.watcher.announcing import SPACING, Announcements
from tests.fakes.announcer import InMemoryBus
from tests.fakes.time import Seconds, until
from tests.fakes.writing import Troubles


def change(generation: int, name: str = "web") -> Change:
    return Change(ServiceKey("shop", name), ClusterId("a"), generation)


class Rig:
    def __init__(self) -> None:
        self.now = Seconds(0.0)
        self.troubles = Troubles()
        self.bus = InMemoryBus(before=self.troubles, now=self.now)
        self.announcements = Announcements(self.bus, monotonic=self.now)

    def start(self) -> None:
        self.announcements.start()


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.troubles.lasting.clear()
    if rig.announcements.is_alive:
        rig.announcements.close(seconds=10)


def test_the_first_change_of_a_key_goes_at_once_and_the_next_after_a_pause(rig: Rig) -> None:
    rig.start()
    rig.announcements.add(change(1))
    rig.bus.wait_for(1)
    rig.announcements.add(change(2))
    rig.announcements.add(change(3))
    rig.announcements.add(change(1, "other"))
    assert rig.bus.wait_for(2) == [change(1), change(1, "other")]

    rig.now.now += SPACING
    rig.announcements.add(change(1, "third"))
    assert rig.bus.wait_for(4)[2:] == [change(3), change(1, "third")]
    assert [at for at, _ in rig.bus.calls] == [0.0, 0.0, SPACING]


def test_a_namespace_is_announced_beside_its_keys_and_as_seldom(rig: Rig) -> None:
    shop = Appeared("shop", ClusterId("a"))
    for news in (change(1), shop, shop):
        rig.announcements.add(news)
    rig.start()
    until(lambda: len(rig.bus.news) == 2)
    rig.announcements.add(shop)
    rig.announcements.add(change(1, "other"))
    rig.bus.wait_for(2)
    assert rig.bus.news == [change(1), shop, change(1, "other")]

    rig.now.now += SPACING
    rig.announcements.add(change(1, "third"))
    rig.bus.wait_for(3)
    assert rig.bus.appeared == [shop, shop]


def test_what_comes_together_goes_together(rig: Rig) -> None:
    changes = [change(1, f"s{number}") for number in range(25)]
    for item in changes:
        rig.announcements.add(item)
    rig.start()

    assert rig.bus.wait_for(25) == changes
    assert len(rig.bus.calls) == 1


def test_what_the_bus_refuses_is_kept_until_it_is_accepted(rig: Rig) -> None:
    rig.troubles.once["announce"] = RefusedError("one of two", [change(1, "b")])
    rig.announcements.add(change(1, "a"))
    rig.announcements.add(change(1, "b"))
    rig.start()
    until(lambda: rig.troubles.count("announce"))
    rig.now.now += SPACING

    assert rig.bus.wait_for(1) == [change(1, "b")]


def test_a_call_that_fails_as_a_whole_is_repeated_as_a_whole(rig: Rig) -> None:
    rig.troubles.once["announce"] = RetryableError("throttled")
    rig.announcements.add(change(1, "a"))
    rig.announcements.add(change(1, "b"))
    rig.start()
    until(lambda: rig.troubles.count("announce"))
    rig.now.now += SPACING

    assert rig.bus.wait_for(2) == [change(1, "a"), change(1, "b")]


def test_a_refused_change_does_not_replace_a_newer_one_that_waits(rig: Rig) -> None:
    rig.troubles.once["announce"] = RetryableError("throttled")
    rig.troubles.then = lambda _: rig.announcements.add(change(2)) if rig.troubles.count("announce") == 1 else None
    rig.announcements.add(change(1))
    rig.start()
    until(lambda: rig.troubles.count("announce"))
    rig.now.now += SPACING

    assert rig.bus.wait_for(1) == [change(2)]


def test_closing_sends_what_still_waits_without_its_pause(rig: Rig) -> None:
    rig.start()
    rig.announcements.add(change(1))
    rig.bus.wait_for(1)
    rig.announcements.add(change(2))
    rig.announcements.close(seconds=10)

    assert rig.bus.changes == [change(1), change(2)]
    assert rig.announcements.depth == 0
    assert not rig.announcements.is_alive


def test_closing_during_an_outage_tries_again_but_not_in_a_hurry(rig: Rig) -> None:
    rig.troubles.lasting["announce"] = RetryableError("no answer")
    rig.announcements.add(change(1))
    rig.start()
    until(lambda: rig.troubles.count("announce"))
    rig.announcements.close(seconds=0.5)
    assert rig.troubles.count("announce") < 10

    rig.troubles.lasting.clear()
    assert rig.bus.wait_for(1) == [change(1)]


def test_what_was_announced_is_forgotten(rig: Rig) -> None:
    rig.start()
    for number in range(50):
        rig.announcements.add(change(1, f"s{number}"))
        rig.bus.wait_for(number + 1)
        rig.now.now += SPACING

    assert len(rig.announcements._last) <= 2
