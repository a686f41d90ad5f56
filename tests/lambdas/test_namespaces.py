"""A namespace that appeared: its keys are imported, at the pace and with the failures of any other."""

import functools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import pytest

from cloudmap_mcs.domain.imports import NamespaceState
from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.errors import PermanentError, RetryableError, UnreachableError
from cloudmap_mcs.eventbridge.messages import LookAgain, LookAround, delayed
from tests.builders import KEY
from tests.lambdas.function import OTHER, SHOP, WEB, Function, imported, keys, offer
from tests.lambdas.rig import A, Rig, a_batch, a_hint, an_arrival
from tests.lambdas.test_batches import OneByOne, Refusing

ELSEWHERE = offer(ServiceKey("bank", "web"))
AGAIN = (LookAround("shop", 1), 5)


def test_every_key_of_the_namespace_that_the_index_has_is_imported_and_no_other(function: Function, rig: Rig) -> None:
    rig.register(WEB, SHOP, ELSEWHERE)

    assert function.failed(one=an_arrival("shop")) == []
    assert imported(rig) == {KEY, OTHER}
    assert rig.troubles.count("index") == 1
    assert sorted(map(str, rig.sqs.sent)) == sorted(
        map(str, [(LookAgain(KEY), 30), (LookAgain(OTHER), 30), AGAIN]),
    )
    (line,) = function.told("namespace appeared")
    assert (line["level"], line["namespace"], line["keys"]) == ("INFO", "shop", ["shop/other", "shop/web"])


def test_a_namespace_without_exports_is_no_error_and_costs_one_read_now_and_one_later(
    function: Function, rig: Rig
) -> None:
    assert function.failed(one=an_arrival("shop")) == []
    assert rig.troubles.calls == ["index"]
    assert rig.sqs.sent == [AGAIN]

    assert function.failed(two=delayed(LookAround("shop", 1))) == []
    assert rig.troubles.calls == ["index"] * 2
    assert rig.sqs.sent == [AGAIN]
    assert function.lines == []


def test_a_key_that_the_index_did_not_have_yet_is_imported_by_the_second_look(function: Function, rig: Rig) -> None:
    function.failed(one=an_arrival("shop"))
    rig.register(WEB)

    assert function.failed(two=delayed(LookAround("shop", 1))) == []
    assert imported(rig) == {KEY}


def test_the_second_look_costs_no_reconcile_of_what_the_first_has_brought(function: Function, rig: Rig) -> None:
    rig.register(WEB)
    function.failed(one=an_arrival("shop"))
    function.failed(two=delayed(LookAround("shop", 1)))

    assert rig.troubles.count("discover") == 2  # the first look's, and its second reading after it has written
    assert function.counted()["KeysReconciled"] == 0


def test_a_namespace_removes_nothing_not_even_what_no_record_is_left_of(function: Function, rig: Rig) -> None:
    """Many records that vanish are for the resync and its brake."""
    rig.register(*(offer(key) for key in keys(20)))
    function({"resync": "all"})
    for key in keys(20):
        rig.registry.write(key, A, None)

    for body in (an_arrival("shop"), delayed(LookAround("shop", 1))):
        assert function.failed(one=body) == []
    assert imported(rig) == set(keys(20))
    assert {message for message, _ in rig.sqs.sent} == {LookAround("shop", 1)}


def test_a_cluster_that_cannot_be_listed_is_looked_at_in_a_minute(function: Function, rig: Rig) -> None:
    rig.register(WEB)
    rig.troubles.lasting["imports"] = UnreachableError("no answer")

    assert function.failed(one=an_arrival("shop")) == []
    assert rig.sqs.sent == [(LookAround("shop", 0), 60)]


def test_a_namespace_that_went_again_gets_nothing_and_is_no_error(function: Function, rig: Rig) -> None:
    rig.register(WEB)
    for state in (NamespaceState.MISSING, NamespaceState.TERMINATING):
        rig.cluster.namespaces["shop"] = state
        assert function.failed(one=an_arrival("shop")) == []

    assert imported(rig) == set()
    assert "discover" not in rig.troubles.calls


def test_another_clustersets_namespaces_are_ignored(function: Function, rig: Rig) -> None:
    assert function.failed(one=an_arrival("shop", clusterset="test")) == []
    assert rig.troubles.calls == []
    assert function.counted()["MessagesIgnored"] == 1


def test_several_namespaces_and_keys_of_a_batch_are_one_read_of_the_index_and_one_reconcile_each(
    function: Function, rig: Rig
) -> None:
    rig.register(WEB, SHOP, ELSEWHERE)

    assert function.failed(one=an_arrival("shop"), two=a_hint(WEB), three=an_arrival("bank"), four="x") == ["four"]
    assert rig.troubles.count("index") == 1
    assert function.counted()["KeysReconciled"] == 3


def test_a_key_that_needs_a_person_fails_the_namespaces_message_and_hinders_no_other_key(
    function: Function, rig: Rig
) -> None:
    rig.register(WEB, SHOP)
    Refusing(rig, WEB, PermanentError("HTTP 403: forbidden"))

    assert function.failed(one=an_arrival("shop"), two=an_arrival("bank")) == ["one"]
    assert imported(rig) == {OTHER}
    (line,) = function.told("reconcile failed")
    assert (line["service_name"], line["problem"]) == ("web", "HTTP 403: forbidden")


def test_a_key_that_fails_for_now_waits_alone(function: Function, rig: Rig) -> None:
    rig.register(WEB, SHOP)
    Refusing(rig, WEB, RetryableError("throttled", retry_after=7))

    assert function.failed(one=an_arrival("shop")) == []
    assert (LookAgain(KEY, (), 1), 7) in rig.sqs.sent


@pytest.mark.parametrize(
    ("error", "later"),
    [
        (RetryableError("throttled"), (LookAround("shop", 1), 1)),
        (UnreachableError("no answer"), (LookAround("shop", 0), 60)),
    ],
)
def test_an_index_that_cannot_be_read_now_is_read_later_and_hinders_no_other_message(
    function: Function, rig: Rig, error: Exception, later: tuple[LookAround, int]
) -> None:
    rig.register(WEB, SHOP)
    rig.troubles.lasting["index"] = error

    assert function.failed(one=an_arrival("shop"), two=a_hint(WEB)) == []
    assert imported(rig) == {KEY}
    assert sorted(map(str, rig.sqs.sent)) == sorted(map(str, [(LookAgain(KEY), 30), later]))
    (line,) = function.told("reconcile failed")
    assert (line["namespace"], line["problem"]) == ("shop", str(error))


@pytest.mark.parametrize("error", [PermanentError("AccessDenied"), KeyError("Instances")])
def test_an_index_that_nobody_may_or_can_read_fails_the_namespaces_message_alone(
    function: Function, rig: Rig, error: Exception
) -> None:
    rig.register(WEB, SHOP)
    rig.troubles.lasting["index"] = error

    assert function.failed(one=an_arrival("shop"), two=a_hint(WEB)) == ["one"]
    assert imported(rig) == {KEY}
    assert function.counted()["ReconcileErrors"] == 1


def test_a_look_that_cannot_be_postponed_fails_the_namespaces_message(function: Function, rig: Rig) -> None:
    rig.sqs.refuse = ['"attempt"']

    assert function.failed(one=an_arrival("shop")) == ["one"]
    (line,) = function.told("reconcile failed")
    assert (line["namespace"], line["problem"]) == (
        "shop",
        "namespace shop: sending a delayed message: RequestThrottled",
    )


def test_without_time_the_namespace_waits_as_a_new_message(function: Function, rig: Rig) -> None:
    rig.register(WEB)
    answer = function(a_batch({"one": an_arrival("shop")}), milliseconds=5_000)

    assert answer == {"batchItemFailures": []}
    assert rig.troubles.calls == []
    assert rig.sqs.sent == [(LookAround("shop", 1), 1)]


def test_keys_of_a_namespace_wait_for_their_turn_and_keys_of_messages_do_not(function: Function, rig: Rig) -> None:
    """The data plane's rate is shared by all members, and nobody waits for a namespace as for a change."""
    rig.register(WEB, *(offer(key) for key in keys(20)))
    function.failed(one=a_hint(WEB))
    assert rig.pauses == 0

    function.failed(one=an_arrival("shop"), two=a_hint(offer(keys(1)[0])))
    assert imported(rig) == {KEY, *keys(20)}
    assert rig.pauses == 19


def test_keys_whose_turn_does_not_come_in_time_wait_as_messages_of_their_own(function: Function, rig: Rig) -> None:
    rig.door = replace(rig.door, executor=OneByOne())
    rig.register(*(offer(key) for key in keys(20)))
    rig.pause_ms = 10_000  # of the 50 s that the function has

    assert function.failed(one=an_arrival("shop")) == []
    assert imported(rig) == set(keys(4))
    assert rig.pauses == 5
    late = [message for message, seconds in rig.sqs.sent if seconds == 1]
    assert late == [LookAgain(key, (), 1) for key in keys(20)[4:]]


def test_a_cluster_that_a_key_cannot_reach_is_not_listed(function: Function, rig: Rig) -> None:
    rig.door = replace(rig.door, executor=OneByOne())
    rig.register(WEB, SHOP)
    rig.troubles.lasting["observe"] = UnreachableError("no answer within 5 s")

    assert function.failed(one=a_hint(WEB), two=an_arrival("shop")) == []
    assert rig.troubles.calls == ["observe"]
    assert {seconds for _, seconds in rig.sqs.sent} == {60}


class Waiting(Executor):
    """An executor that begins its work only when somebody wants the results, or `begin` is called."""

    def __init__(self) -> None:
        self.work: list[Callable[[], Any]] = []

    def map(self, fn: Callable[..., Any], *iterables: Iterable[Any], **_: Any) -> Iterator[Any]:
        calls = [functools.cache(functools.partial(fn, *items)) for items in zip(*iterables, strict=True)]
        self.work += calls
        return (call() for call in calls)

    def begin(self) -> None:
        for call in self.work:
            call()


def test_a_cluster_that_a_key_cannot_reach_while_the_index_is_read_is_not_listed(function: Function, rig: Rig) -> None:
    waiting = Waiting()
    rig.door = replace(rig.door, executor=waiting)
    rig.register(WEB, SHOP)
    rig.troubles.lasting["observe"] = UnreachableError("no answer within 5 s")
    rig.troubles.then = lambda name: waiting.begin() if name == "index" else None

    assert function.failed(one=a_hint(WEB), two=an_arrival("shop")) == []
    assert rig.troubles.calls == ["index", "observe"]


def test_keys_do_not_try_a_cluster_that_could_not_be_listed(function: Function, rig: Rig) -> None:
    rig.door = replace(rig.door, executor=Waiting())
    rig.register(WEB, SHOP)
    rig.troubles.lasting["imports"] = UnreachableError("no answer within 5 s")

    assert function.failed(one=a_hint(WEB), two=an_arrival("shop")) == []
    assert rig.troubles.calls == ["index", "imports"]
    assert sorted(map(str, rig.sqs.sent)) == sorted(
        map(str, [(LookAgain(KEY, ((A, 5),)), 60), (LookAround("shop", 0), 60)])
    )
