import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.errors import McsError, PermanentError, RetryableError, UnreachableError
from cloudmap_mcs.eventbridge.messages import LookAgain, LookAround, delayed, event_detail
from cloudmap_mcs.ports import Appeared, Change
from cloudmap_mcs.reconcile.outcome import Outcome
from cloudmap_mcs.reconcile.reading import Patience
from lambdas.importer.batch import Accept, FollowUp, NamespaceWork, Work, follow_up, grouped, look_around
from tests.builders import KEY

A, B = ClusterId("a"), ClusterId("b")
OTHER = ServiceKey("shop", "other")


def hint(generation: int, *, cluster: str = "a", key: ServiceKey = KEY, clusterset: str = "prod") -> str:
    detail = json.loads(event_detail(clusterset, Change(key, ClusterId(cluster), generation), time=""))
    return json.dumps({"source": "cloudmap-mcs", "detail-type": "ServiceExport Changed", "detail": detail})


def arrival(namespace: str = "shop", *, clusterset: str = "prod") -> str:
    detail = json.loads(event_detail(clusterset, Appeared(namespace, ClusterId("z")), time=""))
    return json.dumps({"source": "cloudmap-mcs", "detail-type": "Namespace Appeared", "detail": detail})


def again(attempt: int, wanted: Mapping[ClusterId, int] | None = None) -> str:
    return delayed(LookAgain(KEY, tuple((wanted or {}).items()), attempt))


def foreign(service: str) -> str:
    detail = {"requestParameters": {"serviceId": service}}
    return json.dumps({"source": "aws.servicediscovery", "detail": detail})


def key_of(service: str) -> ServiceKey | None:
    if service == "srv-throttled":
        raise RetryableError("GetService: throttled")
    return KEY if service.endswith("srv-web") else None


ACCEPT = Accept("prod", frozenset([A, B]), key_of)


def test_messages_of_one_key_are_one_work_with_the_highest_generation_of_each_cluster() -> None:
    bodies = {"1": hint(5), "2": hint(7), "3": hint(6), "4": hint(9, cluster="b"), "5": hint(1, key=OTHER)}
    web, other = grouped(bodies, ACCEPT).work

    assert (web.key, web.wanted, web.messages) == (KEY, {A: 7, B: 9}, ["1", "2", "3", "4"])
    assert (other.key, other.messages) == (OTHER, ["5"])


def test_a_delayed_message_joins_with_its_attempt_and_what_it_waits_for() -> None:
    (web,) = grouped({"1": hint(5), "2": again(3, {A: 4, B: 8}), "3": again(2)}, ACCEPT).work

    assert (web.attempt, web.wanted) == (3, {A: 5, B: 8})


def test_a_hint_of_somebody_who_is_no_member_promises_nothing_but_is_looked_at() -> None:
    (web,) = grouped({"1": hint(10**9, cluster="stranger"), "2": again(0, {ClusterId("gone"): 5})}, ACCEPT).work

    assert web.wanted == {}
    assert web.messages == ["1", "2"]


def test_another_clustersets_hints_are_ignored() -> None:
    batch = grouped({"1": hint(5, clusterset="test")}, ACCEPT)

    assert (batch.work, batch.ignored, batch.refused) == ((), ("1",), {})


@pytest.mark.parametrize("service", ["srv-web", "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-web"])
def test_a_foreign_call_leads_to_the_key_that_its_service_holds(service: str) -> None:
    (web,) = grouped({"1": foreign(service)}, ACCEPT).work

    assert (web.key, web.wanted) == (KEY, {})


def test_a_foreign_call_about_something_else_is_ignored() -> None:
    assert grouped({"1": foreign("srv-billing")}, ACCEPT).ignored == ("1",)


def test_what_nobody_understands_is_refused_alone() -> None:
    batch = grouped({"1": "what?", "2": hint(5), "3": foreign("srv-throttled")}, ACCEPT)

    assert [work.messages for work in batch.work] == [["2"]]
    assert {name: error.reason for name, error in batch.refused.items()} == {"1": "UnknownMessage", "3": "Retryable"}


def test_the_second_look_at_a_stale_answer_lets_the_control_plane_decide() -> None:
    assert Work(KEY).ask.patience is Patience.REREAD
    assert Work(KEY, attempt=1).ask.patience is Patience.DECIDE


def seconds(work: Work, result: Outcome | McsError) -> int | None:
    later = follow_up(work, result)
    return later.seconds if later else None


def test_a_key_that_is_done_needs_no_further_look() -> None:
    assert follow_up(Work(KEY), Outcome(KEY)) is None


def test_a_stale_answer_is_looked_at_later_and_later_for_what_was_promised() -> None:
    work = Work(KEY, {B: 3, A: 5})
    assert follow_up(work, Outcome(KEY, retry=True)) == FollowUp(LookAgain(KEY, ((A, 5), (B, 3)), 1), 1)

    waits = [seconds(replace(work, attempt=attempt), Outcome(KEY, retry=True)) for attempt in range(1, 13)]
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60, None]


def test_a_key_that_was_tried_often_enough_is_left_to_the_resync_and_does_not_start_over() -> None:
    assert follow_up(Work(KEY, attempt=12), Outcome(KEY, retry=True, check=True)) is None


def test_what_came_or_went_is_looked_at_once_more_after_half_a_minute() -> None:
    assert follow_up(Work(KEY, {A: 5}), Outcome(KEY, check=True)) == FollowUp(LookAgain(KEY), 30)


def test_an_unreachable_cluster_is_looked_at_a_minute_later_as_often_as_it_takes() -> None:
    work = Work(KEY, {A: 5}, attempt=12)

    assert follow_up(work, UnreachableError("gone")) == FollowUp(LookAgain(KEY, ((A, 5),), 12), 60)


def test_a_failure_that_passes_is_tried_again_as_often_as_a_stale_answer() -> None:
    throttled = RetryableError("429")
    waits = [seconds(Work(KEY, attempt=attempt), throttled) for attempt in range(13)]

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60, None]


@pytest.mark.parametrize(("asked", "given"), [(5.0, 5), (0.2, 1), (10_000.0, 900)])
def test_the_other_side_may_ask_for_more_time_within_what_a_queue_can_do(asked: float, given: int) -> None:
    assert seconds(Work(KEY), RetryableError("429", retry_after=asked)) == given


@pytest.mark.parametrize("error", [PermanentError("403"), ValueError("a bug")])
def test_what_needs_a_person_goes_towards_the_dead_letters(error: Exception) -> None:
    assert follow_up(Work(KEY), error) is None


def test_messages_of_one_namespace_are_one_look_around() -> None:
    bodies = {"1": arrival(), "2": delayed(LookAround("shop", 3)), "3": arrival("bank"), "4": arrival()}
    batch = grouped({**bodies, "5": arrival(clusterset="test")}, ACCEPT)

    assert batch.namespaces == (NamespaceWork("shop", 3, ["1", "2", "4"]), NamespaceWork("bank", 0, ["3"]))
    assert (batch.work, batch.ignored) == ((), ("5",))


def test_a_namespace_stands_for_its_keys_in_the_index_that_have_no_message_of_their_own() -> None:
    batch = grouped({"1": arrival(), "2": hint(5), "3": arrival("bank")}, ACCEPT)
    spread = batch.spread([KEY, OTHER, ServiceKey("elsewhere", "web")])

    assert [(work.key, work.messages, work.wanted) for work in spread] == [(OTHER, ["1"], {})]


def test_a_namespace_is_looked_around_once_more_because_the_index_may_lag() -> None:
    assert look_around(NamespaceWork("shop"), None) == FollowUp(LookAround("shop", 1), 5)
    assert look_around(NamespaceWork("shop", 1), None) is None


def test_an_index_that_cannot_be_read_is_read_later_like_a_key() -> None:
    throttled, gone = RetryableError("429", retry_after=7), UnreachableError("no answer")

    assert look_around(NamespaceWork("shop"), throttled) == FollowUp(LookAround("shop", 1), 7)
    assert look_around(NamespaceWork("shop", 3), RetryableError("429")) == FollowUp(LookAround("shop", 4), 8)
    assert look_around(NamespaceWork("shop", 12), throttled) is None
    assert look_around(NamespaceWork("shop", 12), gone) == FollowUp(LookAround("shop", 12), 60)
    assert look_around(NamespaceWork("shop"), PermanentError("403")) is None
    assert look_around(NamespaceWork("shop"), ValueError("a bug")) is None
