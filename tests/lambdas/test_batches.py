"""A batch of queue messages: what is done, postponed, refused."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

import pytest

from cloudmap_mcs.domain.model import Record, ServiceKey
from cloudmap_mcs.errors import PermanentError, RetryableError, UnreachableError
from cloudmap_mcs.eventbridge.messages import LookAgain, delayed
from tests.builders import KEY
from tests.lambdas.function import OTHER, SHOP, WEB, Function, imported, offer
from tests.lambdas.rig import A, Rig, a_batch, a_foreign_call, a_hint


def test_an_event_becomes_an_import_and_a_check_half_a_minute_later(function: Function, rig: Rig) -> None:
    rig.register(WEB)

    assert function.failed(one=a_hint(WEB)) == []
    assert imported(rig) == {KEY}
    assert rig.sqs.sent == [(LookAgain(KEY), 30)]


def test_several_messages_of_one_key_are_one_reconcile(function: Function, rig: Rig) -> None:
    rig.register(offer(generation=4), WEB)
    function.failed(one=a_hint(offer(generation=4)), two=a_hint(WEB))

    assert function.counted()["KeysReconciled"] == 1


def test_an_unknown_message_fails_alone_and_is_told(function: Function, rig: Rig) -> None:
    rig.register(WEB)

    assert function.failed(good=a_hint(WEB), bad='{"detail": {}}') == ["bad"]
    assert imported(rig) == {KEY}
    (line,) = function.told("message refused")
    assert (line["level"], line["message_id"], line["reason"]) == ("ERROR", "bad", "UnknownMessage")
    assert "must be 'cloudmap-mcs'" in line["problem"]
    assert function.counted()["MessagesRefused"] == 1


def test_a_batch_of_nothing_but_unknown_messages_is_answered_too(function: Function) -> None:
    assert function.failed(one="x", two="y") == ["one", "two"]


def test_a_call_that_cloudtrail_recorded_is_followed_to_its_key(function: Function, rig: Rig) -> None:
    rig.register(WEB)

    assert function.failed(one=a_foreign_call(str(KEY)), two=a_foreign_call("srv-of-somebody-else")) == []
    assert imported(rig) == {KEY}
    assert function.counted()["MessagesIgnored"] == 1


def test_a_key_that_needs_a_person_fails_alone_with_all_its_messages(function: Function, rig: Rig) -> None:
    rig.register(WEB, SHOP)
    rig.cluster.before = lambda _: None
    rig.registry.before = Refusing(rig, WEB, PermanentError("HTTP 403: forbidden"))

    assert function.failed(one=a_hint(WEB), two=a_hint(SHOP), three=a_hint(WEB)) == ["one", "three"]
    assert imported(rig) == {OTHER}
    (line,) = function.told("reconcile failed")
    assert (line["namespace"], line["service_name"], line["reason"]) == ("shop", "web", "Failed")
    assert function.counted()["ReconcileErrors"] == 1


class Refusing:
    """Raises while the registry is asked about one record's key, which the double does not tell: by its history."""

    def __init__(self, rig: Rig, record: Record, error: Exception) -> None:
        assert record.offer
        discover = rig.registry.discover
        refused = record.offer.key

        def asked(key: ServiceKey) -> Any:
            if key == refused:
                raise error
            return discover(key)

        rig.registry.discover = asked  # type: ignore[method-assign]  # for one key only

    def __call__(self, _: str) -> None:
        """Let every other call pass."""


def test_a_bug_that_one_key_brings_out_fails_alone_and_leaves_its_traceback(function: Function, rig: Rig) -> None:
    rig.register(WEB, SHOP)
    Refusing(rig, WEB, KeyError("spec"))

    assert function.failed(one=a_hint(WEB), two=a_hint(SHOP)) == ["one"]
    assert imported(rig) == {OTHER}
    (line,) = function.told("a bug: the key's messages go back to the queue")
    assert "KeyError" in line["exception"]
    assert line["service_name"] == "web"


def test_an_unreachable_cluster_acknowledges_its_messages_and_looks_again_in_a_minute(
    function: Function, rig: Rig
) -> None:
    rig.register(WEB)
    rig.troubles.lasting["observe"] = UnreachableError("connection refused")

    assert function.failed(one=a_hint(WEB)) == []
    assert rig.sqs.sent == [(LookAgain(KEY, ((A, 5),)), 60)]
    assert function.counted()["ClusterUnreachable"] == 1


def test_what_was_promised_and_is_not_there_yet_is_looked_at_again_with_the_next_attempt(
    function: Function, rig: Rig
) -> None:
    rig.register(WEB)

    assert function.failed(one=a_hint(offer(generation=6))) == []
    assert rig.sqs.sent == [(LookAgain(KEY, ((A, 6),), 1), 1)]
    assert imported(rig) == set()
    assert function.counted()["StaleReads"] == 1


def test_the_second_look_takes_the_control_planes_word(function: Function, rig: Rig) -> None:
    rig.register(WEB)

    assert function.failed(one=delayed(LookAgain(KEY, ((A, 6),), 1))) == []
    assert imported(rig) == {KEY}
    assert "read" in rig.troubles.calls


def test_a_failure_that_passes_waits_as_a_new_message(function: Function, rig: Rig) -> None:
    rig.troubles.lasting["discover"] = RetryableError("throttled", retry_after=7)

    assert function.failed(one=a_hint(WEB)) == []
    assert rig.sqs.sent == [(LookAgain(KEY, ((A, 5),), 1), 7)]


def test_a_message_that_cannot_be_postponed_goes_back_to_the_queue_alone(function: Function, rig: Rig) -> None:
    rig.register(WEB, SHOP)
    rig.sqs.refuse = ['"web"']

    assert function.failed(one=a_hint(WEB), two=a_hint(SHOP)) == ["one"]
    assert rig.sqs.sent == [(LookAgain(OTHER), 30)]
    (line,) = function.told("reconcile failed")
    assert "sending a delayed message: RequestThrottled" in line["problem"]


@pytest.mark.parametrize(("receives", "seconds"), [(1, 2), (2, 4), (4, 16), (9, 60)])
def test_a_failed_message_comes_back_later_each_time_and_one_that_nobody_understands_at_once(
    function: Function, rig: Rig, receives: int, seconds: int
) -> None:
    rig.register(WEB, SHOP)
    Refusing(rig, WEB, PermanentError("HTTP 403: forbidden"))
    function(a_batch({"good": a_hint(SHOP), "refused": a_hint(WEB), "bad": "x"}, receives=receives))

    assert rig.sqs.visible == {"handle-refused": seconds, "handle-bad": 0}


def test_a_failed_message_that_cannot_be_brought_back_comes_back_by_itself(function: Function, rig: Rig) -> None:
    rig.sqs.refuse = ["x"]

    assert function.failed(bad="x") == ["bad"]


def test_a_cluster_that_one_key_cannot_reach_is_not_waited_for_by_the_others(function: Function, rig: Rig) -> None:
    rig.register(WEB, SHOP)
    rig.troubles.lasting["observe"] = UnreachableError("no answer within 5 s")
    rig.door = replace(rig.door, executor=OneByOne())

    assert function.failed(one=a_hint(WEB), two=a_hint(SHOP)) == []
    assert rig.troubles.count("observe") == 1
    assert [seconds for _, seconds in rig.sqs.sent] == [60, 60]


def test_what_the_time_does_not_suffice_for_is_looked_at_again(function: Function, rig: Rig) -> None:
    rig.register(WEB)

    answer = function(a_batch({"one": a_hint(WEB)}), milliseconds=5_000)

    assert answer == {"batchItemFailures": []}
    assert rig.troubles.count("observe") == 0
    assert rig.sqs.sent == [(LookAgain(KEY, ((A, 5),), 1), 1)]


class OneByOne(Executor):
    """An executor without threads."""

    def map(self, fn: Callable[..., Any], *iterables: Iterable[Any], **_: Any) -> Iterator[Any]:
        return iter([fn(*items) for items in zip(*iterables, strict=True)])
