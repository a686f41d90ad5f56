"""What becomes of a request about the namespace: when it is found, when it is emptied, and what people are told."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from cloudmap_mcs.cloudmap.emptying import Emptied
from cloudmap_mcs.cloudmap.finding import Found
from cloudmap_mcs.errors import BusyError, PermanentError, RetryableError
from lambdas.customresource.request import Kind, Request, Ticket
from lambdas.namespace.attending import Attendance, Tools
from lambdas.namespace.properties import Content, Lookup

OWN, HUB = "222222222222", "111111111111"
FOUND = Found("ns-1", f"arn:aws:servicediscovery:eu-west-1:{HUB}:namespace/ns-1")
LOOKUP = {"ServiceToken": "arn", "Name": "mcs.prod", "HubAccount": HUB, "HubRegion": "eu-west-1"}
CONTENT = {"ServiceToken": "arn", "NamespaceId": "ns-1", "HubRegion": "eu-west-1"}


@dataclass
class World:
    """Answers in turn, and remembers what was asked."""

    looks: list[Found | Exception | None] = field(default_factory=list)
    state: str = "DELETE_IN_PROGRESS"
    emptied: Emptied = field(default_factory=lambda: Emptied(3))
    asked: list[object] = field(default_factory=list)
    slept: float = 0.0

    def find(self, lookup: Lookup) -> Found | None:
        self.asked.append(lookup)
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, Exception):
            raise look
        return look

    def empty(self, content: Content) -> Emptied:
        self.asked.append(content)
        return self.emptied

    def sleep(self, seconds: float) -> None:
        self.slept += seconds

    def attend(self, kind: str, properties: dict[str, Any], *, physical_id: str = "", account: str = OWN) -> Attendance:
        ticket = Ticket("url", f"arn:aws:cloudformation:eu-west-1:{account}:stack/s/1", "r", "Namespace")
        tools = Tools(self.find, self.empty, lambda _: self.state, self.sleep)
        return Attendance(Request(Kind(kind), ticket, physical_id, properties, "Custom::Any"), tools)


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_namespace_that_is_found_is_answered_by_arn_and_id(world: World, kind: str) -> None:
    world.looks = [FOUND]
    answer = world.attend(kind, LOOKUP).attend()

    assert (answer.is_success, answer.physical_id) == (True, FOUND.arn)
    assert answer.data == {"Arn": FOUND.arn, "Id": "ns-1"}
    assert world.asked == [Lookup("mcs.prod", HUB, "eu-west-1")]


@pytest.mark.parametrize("at_first", [None, RetryableError("throttled")])
def test_what_was_shared_a_moment_ago_is_looked_for_again(world: World, at_first: Exception | None) -> None:
    world.looks = [at_first, at_first, FOUND]

    assert world.attend("Create", LOOKUP).attend().physical_id == FOUND.arn
    assert world.slept == 10


def test_in_another_account_it_is_told_how_the_invitation_is_accepted(world: World) -> None:
    world.looks = [None]
    with pytest.raises(PermanentError) as caught:
        world.attend("Create", LOOKUP).attend()

    told = str(caught.value)
    assert f"credentials of account {OWN}" in told
    assert "aws ram get-resource-share-invitations --region eu-west-1" in told
    assert "aws ram accept-resource-share-invitation --region eu-west-1 --resource-share-invitation-arn" in told
    assert world.slept < 50


def test_in_the_hubs_own_account_it_is_told_that_the_hub_comes_first(world: World) -> None:
    world.looks = [None]
    with pytest.raises(PermanentError, match="deploy the hub's stack first"):
        world.attend("Create", LOOKUP, account=HUB).attend()


def test_what_stays_unknown_is_not_called_missing(world: World) -> None:
    world.looks = [None, RetryableError("throttled")]
    with pytest.raises(RetryableError, match="throttled"):
        world.attend("Create", LOOKUP).attend()


def test_a_failed_update_keeps_the_id_and_a_failed_create_has_one_of_its_own(world: World) -> None:
    world.looks = [None]
    for kind, before, after in (("Update", FOUND.arn, FOUND.arn), ("Create", "", "Namespace/nothing")):
        attendance = world.attend(kind, LOOKUP, physical_id=before)
        with pytest.raises(PermanentError):
            attendance.attend()
        assert attendance.physical_id == after


def test_the_delete_of_a_lookup_touches_nothing(world: World) -> None:
    answer = world.attend("Delete", LOOKUP, physical_id=FOUND.arn).attend()

    assert (answer.is_success, answer.physical_id) == (True, FOUND.arn)
    assert world.asked == []


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_content_is_made_by_watchers_not_here(world: World, kind: str) -> None:
    assert world.attend(kind, CONTENT).attend().physical_id == "ns-1/content"
    assert world.asked == []


@pytest.mark.parametrize("state", ["DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"])
def test_a_stack_that_goes_takes_the_content_with_it(world: World, state: str) -> None:
    world.state = state
    answer = world.attend("Delete", CONTENT, physical_id="ns-1/content").attend()

    assert answer.data == {"Told": "removed 3 services"}
    assert world.asked == [Content("ns-1", "eu-west-1")]


@pytest.mark.parametrize(
    "state", ["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_IN_PROGRESS"]
)
def test_an_update_that_is_taken_back_removes_nothing_that_clusters_work_with(world: World, state: str) -> None:
    world.state = state
    answer = world.attend("Delete", CONTENT, physical_id="ns-1/content").attend()

    assert answer.is_success
    assert state in answer.data["Told"]
    assert world.asked == []


def test_what_is_left_is_told_with_what_stands_in_its_way(world: World) -> None:
    world.emptied = Emptied(2, {f"s{n}": BusyError(f"held by {n}") for n in range(5)})
    with pytest.raises(RetryableError) as caught:
        world.attend("Delete", CONTENT, physical_id="ns-1/content").attend()

    assert "s0: held by 0; s1: held by 1; s2: held by 2 and 2 more" in str(caught.value)
    assert "Delete the stack again" in str(caught.value)


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({}, "Name=None"),
        ({**LOOKUP, "HubAccount": "1"}, "HubAccount='1': must be an account id of 12 digits"),
        ({**CONTENT, "NamespaceId": "srv-1"}, "NamespaceId='srv-1'"),
        ({**CONTENT, "HubRegion": 7}, "HubRegion=7: must be a Region"),
    ],
)
def test_bad_properties_are_named(world: World, properties: dict[str, Any], said: str) -> None:
    attendance = world.attend("Create", properties)
    with pytest.raises(PermanentError) as caught:
        attendance.attend()

    assert said in str(caught.value)
