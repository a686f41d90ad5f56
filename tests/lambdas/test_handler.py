"""The whole function but for its adapters: real events in, Powertools' batch answer, log lines and metrics out."""

import importlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cloudmap_mcs.domain.imports import ServiceImport
from cloudmap_mcs.domain.model import Gap, Record, ServiceKey
from cloudmap_mcs.errors import PermanentError, RetryableError, UnreachableError
from cloudmap_mcs.eventbridge.messages import LookAgain, UnknownMessageError, look_again
from cloudmap_mcs.ports import SetAside
from tests.builders import KEY, a_record, a_slice, an_export
from tests.lambdas.rig import A, Rig, a_batch, a_foreign_call, a_hint

ROOT = Path(__file__).parents[2]
OTHER = ServiceKey("shop", "other")
SECRET = "k8s-aws-v1.c2VjcmV0"


def offer(key: ServiceKey = KEY, generation: int = 5) -> Record:
    return a_record(an_export("a", key=key, slices=[a_slice("10.1.0.1")]), generation)


WEB, SHOP = offer(), offer(OTHER)
UNEXPORTED = a_record(Gap.UNEXPORTED, 9)


@dataclass
class Context:
    """Lambda's context object, as far as it is used."""

    milliseconds: int = 60_000
    function_name: str = "cloudmap-mcs-prod-z-importer"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:123456789012:function:cloudmap-mcs-prod-z-importer"
    aws_request_id: str = "52fdfc07-2182-454f-963f-5f0f9a621d72"

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


class Function:
    """Calls the handler and keeps apart what it printed: log lines and metrics."""

    def __init__(self, module: ModuleType, rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
        self.module, self.rig, self.capsys = module, rig, capsys
        self.lines: list[dict[str, Any]] = []
        self.metrics: list[dict[str, Any]] = []

    def __call__(self, event: Any, milliseconds: int = 60_000) -> dict[str, Any]:
        lines = logging.getLogger("importer").handlers[0]
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(lines, "stream", sys.stdout)
                answer: dict[str, Any] = self.module.handler(event, Context(milliseconds))
        finally:
            printed = [json.loads(line) for line in self.capsys.readouterr().out.splitlines()]
            self.lines = [line for line in printed if "_aws" not in line]
            self.metrics = [line for line in printed if "_aws" in line]
        return answer

    def failed(self, **bodies: str) -> list[str]:
        answer = self(a_batch(bodies))
        return [item["itemIdentifier"] for item in answer["batchItemFailures"]]

    def counted(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for blob in self.metrics:
            for metric in blob["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
                found[metric["Name"]] = sum(blob[metric["Name"]])
        return found

    def told(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["message"] == message]


@pytest.fixture
def rig() -> Iterator[Rig]:
    with ThreadPoolExecutor(4) as executor:
        yield Rig(executor)


@pytest.fixture
def function(rig: Rig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Function:
    """The handler as Lambda would import it: with our environment, once."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "importer")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "cloudmap-mcs")
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "INFO")
    module = importlib.reload(importlib.import_module("lambdas.importer.handler"))
    monkeypatch.setattr(module, "door", lambda: rig.door)
    return Function(module, rig, capsys)


def imported(rig: Rig) -> set[ServiceKey]:
    return {key for kind, key, _ in rig.cluster.objects if kind is ServiceImport}


def keys(count: int) -> list[ServiceKey]:
    return [ServiceKey("shop", f"s{number:02}") for number in range(count)]


# Batches


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

    assert function.failed(one=look_again(LookAgain(KEY, ((A, 6),), 1))) == []
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


# Log lines and metrics


def test_every_change_is_one_line_with_key_cluster_and_object(function: Function, rig: Rig) -> None:
    rig.register(WEB)
    function.failed(one=a_hint(WEB))
    created = function.told("created")

    assert [line["kind"] for line in created] == ["Service", "EndpointSlice", "ServiceImport"]
    for line in created:
        assert (line["clusterset"], line["cluster"], line["service"]) == ("prod", "z", "importer")
        assert (line["namespace"], line["service_name"]) == ("shop", "web")
        assert line["function_request_id"]
    assert len(function.lines) == len(created) + len(function.told("updated"))


def test_what_is_right_already_is_no_line(function: Function, rig: Rig) -> None:
    rig.register(WEB)
    function.failed(one=a_hint(WEB))
    function.failed(one=a_hint(WEB))

    assert function.lines == []
    assert function.counted() == {"Batches": 1.0, "KeysReconciled": 1.0}


def test_metrics_carry_namespace_service_clusterset_and_cluster(function: Function, rig: Rig) -> None:
    rig.register(WEB)
    function.failed(one=a_hint(WEB))

    (blob,) = function.metrics
    (description,) = blob["_aws"]["CloudWatchMetrics"]
    assert description["Namespace"] == "cloudmap-mcs"
    assert sorted(description["Dimensions"][0]) == ["cluster", "clusterset", "service"]
    assert (blob["service"], blob["clusterset"], blob["cluster"]) == ("importer", "prod", "z")
    assert function.counted()["ObjectsWritten"] == 4


def test_nothing_of_one_invocation_is_in_the_lines_of_the_next(function: Function, rig: Rig) -> None:
    rig.register(WEB)
    function.failed(one=a_hint(WEB))
    function.failed(two="x")

    (line,) = function.lines
    assert "kind" not in line
    assert function.counted() == {"Batches": 1.0, "KeysReconciled": 0.0, "MessagesRefused": 1.0}


def test_no_line_repeats_payloads(function: Function, rig: Rig) -> None:
    rig.register(WEB)
    function.failed(one=a_hint(WEB), two=json.dumps({"source": "x", "detail": {"token": SECRET}}), three=SECRET)

    assert SECRET not in json.dumps(function.lines)
    assert "10.1.0.1" not in json.dumps(function.lines)


def test_instances_that_were_set_aside_are_told_and_counted(function: Function, rig: Rig) -> None:
    rig.register(WEB)
    rig.registry.set_aside = (SetAside("i-9", "is not ours"),)
    function.failed(one=a_hint(WEB))

    (line,) = function.told("instance set aside")
    assert (line["level"], line["instance"], line["problem"]) == ("WARNING", "i-9", "is not ours")
    assert function.counted()["InstancesSetAside"] == 1


# Direct invokes


def test_a_resync_answers_with_a_report_of_every_key(function: Function, rig: Rig) -> None:
    rig.register(WEB, SHOP)
    answer = function({"resync": "all"})

    assert json.loads(json.dumps(answer)) == answer
    assert {name: answer[name] for name in ("cluster", "dry_run", "complete", "brake", "continues_after")} == {
        "cluster": "z",
        "dry_run": False,
        "complete": True,
        "brake": None,
        "continues_after": None,
    }
    assert answer["totals"] == {"conflicts": 0, "created": 6, "deleted": 0, "errors": 0, "keys": 2, "updated": 2}
    web = answer["keys"]["shop/web"]
    assert sorted(web) == ["conflicts", "created", "deleted", "errors", "unchanged", "updated"]
    assert "ServiceImport/web" in web["created"]
    assert function.counted()["KeysReconciled"] == 2


def test_one_key_can_be_resynced(function: Function, rig: Rig) -> None:
    rig.register(WEB, SHOP)
    answer = function({"resync": {"namespace": "shop", "service": "web"}})

    assert list(answer["keys"]) == ["shop/web"]
    assert imported(rig) == {KEY}


def test_one_key_that_fails_is_a_report_with_its_error(function: Function, rig: Rig) -> None:
    rig.troubles.lasting["observe"] = UnreachableError("connection refused")
    answer = function({"resync": {"namespace": "shop", "service": "web"}})

    assert answer["keys"]["shop/web"] == {"errors": ["Unreachable: connection refused"]}
    assert answer["totals"]["errors"] == 1
    assert function.counted()["ReconcileErrors"] == 1


def test_a_dry_run_says_once_what_would_be_done_and_does_nothing(function: Function, rig: Rig) -> None:
    rig.register(WEB)
    rehearsed = function({"resync": "all", "dry_run": True})
    assert imported(rig) == set()
    assert rehearsed["dry_run"] is True

    real = function({"resync": "all"})
    assert {**rehearsed, "dry_run": False} == real


def test_a_resync_brakes_tells_counts_and_obeys_force(function: Function, rig: Rig) -> None:
    records = [offer(key) for key in keys(20)]
    rig.register(*records)
    function({"resync": "all"})
    for key in keys(12):
        rig.registry.write(key, A, UNEXPORTED)

    answer = function({"resync": "all"})
    assert answer["complete"] is False
    assert answer["brake"]["held_back"] == [str(key) for key in keys(12)]
    assert '"force": true' in answer["brake"]["what_to_do"]
    assert answer["keys"]["shop/s00"]["skipped"] == "the import would be removed"
    assert function.counted()["Braked"] == 1
    assert function.told("brake: nothing removed")[0]["level"] == "ERROR"
    assert imported(rig) == set(keys(20))

    assert function({"resync": "all", "force": True})["complete"] is True
    assert imported(rig) == set(keys(20)[12:])


def test_a_resync_that_outlives_its_time_goes_on_in_invocations_of_itself(function: Function, rig: Rig) -> None:
    records = [offer(key) for key in keys(10)]
    rig.register(*records)
    function({"resync": "all"})
    for key in keys(2):
        rig.registry.write(key, A, UNEXPORTED)
    rig.pause_ms = 1_000

    event: Any = {"resync": "all"}
    answers = [function(event, milliseconds=18_000)]
    while len(rig.invoked) == len(answers):
        event = json.loads(json.dumps(rig.invoked[-1]))
        answers.append(function(event, milliseconds=18_000))
        assert len(answers) < 10

    assert [answer["complete"] for answer in answers] == [False] * (len(answers) - 1) + [True]
    assert len(answers) > 1
    assert answers[0]["continues_after"]
    assert imported(rig) == set(keys(10)[2:])


def test_a_function_without_time_for_one_key_says_what_to_change(function: Function, rig: Rig) -> None:
    rig.register(WEB)
    with pytest.raises(PermanentError, match=r"raise importer\.timeout"):
        function({"resync": "all"}, milliseconds=5_000)

    assert rig.invoked == []


@pytest.mark.parametrize("event", [{"resync": "some"}, {"resnyc": "all"}, {}, "all", None])
def test_a_bad_payload_is_answered_with_an_error_that_says_what_is_allowed(function: Function, event: Any) -> None:
    with pytest.raises(UnknownMessageError, match=r"allowed|must be"):
        function(event)

    assert function.counted() == {"Resyncs": 1.0}


# The module itself


def test_importing_the_handler_needs_no_environment_and_does_nothing() -> None:
    look = (
        "import lambdas.importer.handler as h, lambdas.importer.wiring as w, threading;"
        "assert callable(h.handler); assert w.door.cache_info().currsize == 0; assert threading.active_count() == 1"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", look],
        cwd=ROOT,
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
