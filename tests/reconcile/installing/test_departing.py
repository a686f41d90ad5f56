"""What a leaving cluster leaves in the registry: nothing, unless somebody else has its id now."""

import pytest

from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.errors import MalformedRecordError, PermanentError
from cloudmap_mcs.ports import Member
from cloudmap_mcs.reconcile.installing.departing import ALIVE_SECONDS, Departed, Departer
from cloudmap_mcs.reconcile.installing.patience import OutOfTimeError, Patience, PatientClock
from cloudmap_mcs.watcher.membership import HEARTBEAT_SECONDS
from tests.fakes.clearing import RegistryInMemory
from tests.fakes.clock import FixedClock

EAST, WEST = ClusterId("east"), ClusterId("west")
KEYS = [ServiceKey("shop", f"s{number:02}") for number in range(45)]


class Setting:
    """45 services with a record of each of two clusters, and one that is empty."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.clock = FixedClock()
        self.registry = RegistryInMemory(before=self.calls.append)
        self.registry.records = {(key, cluster) for key in KEYS for cluster in (EAST, WEST)}
        self.registry.services = {*KEYS, ServiceKey("shop", "empty")}
        for cluster in (EAST, WEST):
            self.registry.members[cluster] = Member(cluster, f"uid-{cluster}", "1", (1,), 0, frozenset(KEYS))

    def depart(self, owner: str | None = "uid-east", *, seconds: float = 60) -> Departed:
        self.calls.clear()
        return Departer(self.registry, Patience(self.clock, self.clock.ms + int(seconds * 1000))).depart(EAST, owner)


@pytest.fixture
def setting() -> Setting:
    return Setting()


def test_its_records_its_entry_and_what_is_empty_go_and_nothing_of_others(setting: Setting) -> None:
    assert setting.depart() == Departed(45)

    assert setting.registry.records == {(key, WEST) for key in KEYS}
    assert setting.registry.services == set(KEYS)
    assert list(setting.registry.members) == [WEST]


def test_the_entry_goes_last_so_that_whoever_goes_on_knows_whose_the_id_is(setting: Setting) -> None:
    setting.depart()

    assert setting.calls.index("read_member") < setting.calls.index("clear")
    assert setting.calls[-1] == "clear_member"
    assert setting.calls.count("clear") == 3


def test_a_departed_cluster_may_depart_again(setting: Setting) -> None:
    setting.depart()

    assert setting.depart() == Departed(0)


@pytest.mark.parametrize("owner", [None, "uid-east"])
def test_without_an_entry_the_records_are_this_clusters(setting: Setting, owner: str | None) -> None:
    del setting.registry.members[EAST]

    assert setting.depart(owner).instances == 45


def test_of_a_cluster_that_is_gone_everything_goes_whoever_it_was(setting: Setting) -> None:
    assert setting.depart(None) == Departed(45)


def beating(setting: Setting, owner: str, *, ends: float) -> None:
    """Have a watcher write the entry now and every five minutes, for so many seconds."""
    begun = setting.clock.ms

    def beat(_: str = "") -> None:
        passed = (setting.clock.ms - begun) // 1000
        last = begun // 1000 + min(passed, int(ends)) // 300 * 300
        setting.registry.members[EAST] = Member(EAST, owner, "1", (1,), last, frozenset(KEYS))

    beat()
    setting.clock.before = beat


def test_a_cluster_that_was_alive_a_moment_ago_is_waited_for(setting: Setting) -> None:
    beating(setting, "uid-east", ends=100)

    assert setting.depart(None, seconds=600) == Departed(45)

    assert setting.clock.ms == 1_700_000_000_000 + 360_000


def test_an_entry_from_the_future_is_not_waited_for_any_longer(setting: Setting) -> None:
    setting.registry.members[EAST] = Member(EAST, "uid-east", "1", (1,), 4_000_000_000, frozenset(KEYS))

    assert setting.depart(None, seconds=600) == Departed(45)


def test_the_records_of_a_cluster_that_has_taken_over_the_id_of_one_that_is_gone_stay(setting: Setting) -> None:
    beating(setting, "uid-of-the-new-one", ends=1000)

    (told,) = setting.depart(None, seconds=600).told

    assert "left alone: a watcher still writes for the id east, with kube-system UID uid-of-the-new-one" in told
    assert len(setting.registry.records) == 90
    assert not {"clear", "clear_member", "drop_empty"} & set(setting.calls)


def test_a_watcher_that_is_alive_writes_more_often_than_is_waited_for() -> None:
    assert HEARTBEAT_SECONDS < ALIVE_SECONDS


def test_where_another_cluster_has_the_id_now_nothing_goes(setting: Setting) -> None:
    departed = setting.depart("uid-of-a-copy")

    assert departed.instances == 0
    (told,) = departed.told
    assert "left alone" in told
    assert "belongs to the cluster with kube-system UID uid-east, this one is uid-of-a-copy" in told
    assert not {"clear", "clear_member", "drop_empty"} & set(setting.calls)


def test_an_entry_that_cannot_be_read_is_nobodys_to_remove(setting: Setting) -> None:
    def garble(call: str) -> None:
        if call == "read_member":
            raise MalformedRecordError("format 'x' is not a positive number")

    setting.registry.before = garble

    (told,) = setting.depart().told
    assert "cannot be read: format 'x'" in told
    assert len(setting.registry.records) == 90


def test_another_failure_is_not_taken_for_an_answer(setting: Setting) -> None:
    def deny(call: str) -> None:
        if call == "read_member":
            raise PermanentError("AccessDenied")

    setting.registry.before = deny

    with pytest.raises(PermanentError, match="AccessDenied"):
        setting.depart()
    assert len(setting.registry.records) == 90


def test_without_a_namespace_there_is_nothing_to_do(setting: Setting) -> None:
    setting.registry.is_there = False

    (told,) = setting.depart().told
    assert "the namespace is gone, or not shared" in told
    assert setting.calls == ["exists"]


@pytest.mark.parametrize(
    ("slow", "told"),
    [
        pytest.param("clear", "the records of east in 5 Cloud Map services are to be removed", id="records"),
        pytest.param("empty_services", "next is that of shop/empty", id="services"),
        pytest.param("drop_empty", "the entry of east in the service members", id="entry"),
    ],
)
def test_when_the_time_is_up_it_says_what_is_left_and_goes_on_from_there(
    setting: Setting, slow: str, told: str
) -> None:
    setting.registry.before = lambda call: setting.clock.sleep(10) if call == slow else None

    with pytest.raises(OutOfTimeError, match=told):
        setting.depart(seconds=20 if slow == "clear" else 10)
    assert EAST in setting.registry.members

    setting.registry.before = lambda _: None
    setting.depart()
    assert setting.registry.records == {(key, WEST) for key in KEYS}
    assert list(setting.registry.members) == [WEST]


def test_an_adapter_that_waits_never_waits_past_the_deadline() -> None:
    clock = FixedClock()
    waiting = PatientClock(Patience(clock, clock.ms + 10_000))
    begun = waiting.now_ms()

    waiting.sleep(6)
    with pytest.raises(OutOfTimeError, match="was being waited for"):
        waiting.sleep(6)

    assert waiting.now_ms() - begun == 6_000
