"""The handler as Lambda calls it: real settings, a real answer over HTTP, and what must never be in the log."""

import importlib
import json
import logging
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from cloudmap_mcs.errors import RetryableError
from cloudmap_mcs.kube.client import Call
from cloudmap_mcs.reconcile.installing.patience import Patience
from lambdas.customresource import wiring as shared
from lambdas.installer import wiring
from lambdas.installer.door import Door
from lambdas.installer.looking import RESOURCE_TYPE as LOOK
from lambdas.installer.properties import Order
from tests.lambdas.customresource.listener import Listener, listening
from tests.lambdas.function import Context
from tests.lambdas.installer.requests import ARN, STACK, URL, an_event
from tests.lambdas.installer.rig import Rig

SECRET = "c2VjcmV0"


@dataclass
class Streaming(Context):
    log_group_name: str = "/aws/lambda/installer"
    log_stream_name: str = "2026/01/01/[$LATEST]abc"


@dataclass
class Function:
    """Calls the handler with a listener as CloudFormation, and keeps what it logged."""

    listener: Listener
    rig: Rig
    module: Any
    capsys: pytest.CaptureFixture[str]
    printed: str = ""

    def __call__(self, kind: str = "Create", *, milliseconds: int = 600_000, **more: Any) -> dict[str, Any]:
        self.run(an_event(kind, **{"url": self.listener.url, **more}), milliseconds)
        (answer,) = self.listener.answers
        self.listener.bodies.clear()
        return answer

    def run(self, event: dict[str, Any], milliseconds: int = 600_000) -> None:
        lines = logging.getLogger("installer").handlers[0]
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(lines, "stream", sys.stdout)
                self.module.handler(event, Streaming(milliseconds))
        finally:
            self.printed = self.capsys.readouterr().out

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.printed.splitlines()]


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Function]:
    with listening() as listener:
        variables = {
            "POWERTOOLS_SERVICE_NAME": "installer",
            "POWERTOOLS_LOG_LEVEL": "INFO",
            "POWERTOOLS_LOGGER_LOG_EVENT": "true",  # which must not be heeded
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": listener.url.partition("/answer")[0],
            "MCS_CLUSTERSET": "prod",
            "MCS_HUB_REGION": "eu-west-1",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
        rig = Rig()

        def door(_: Order, patience: Patience) -> Door:
            return rig.door(Patience(rig.clock, rig.clock.ms + int(patience.left() * 1000)))

        monkeypatch.setattr(wiring, "door", door)
        module = importlib.reload(importlib.import_module("lambdas.installer.handler"))
        caches = (shared.surroundings, shared.mailbox, wiring.settings)
        for cache in caches:
            cache.cache_clear()
        yield Function(listener, rig, module, capsys)
        shared.mailbox()._http.clear()
        for cache in caches:
            cache.cache_clear()


def test_an_install_is_answered(function: Function) -> None:
    answer = function()

    assert answer == {
        "Status": "SUCCESS",
        "PhysicalResourceId": f"{ARN}/cloudmap-mcs",
        "StackId": STACK,
        "RequestId": "52fdfc07-2182-454f-963f-5f0f9a621d72",
        "LogicalResourceId": "Member0east",
        "Data": {"Done": "namespace, definitions, rights, properties, watcher, dns", "Told": ""},
    }
    (line,) = function.lines
    assert (line["message"], line["cluster"], line["Done"]) == ("answered", "east", answer["Data"]["Done"])


def test_a_refusal_has_the_findings_and_says_where_the_log_is(function: Function) -> None:
    function.rig.eks.described["version"] = "1.21"

    answer = function()

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", f"{ARN}/refused")
    assert "prod-east: its Kubernetes is '1.21'. Upgrade it" in answer["Reason"]
    assert "(see log stream 2026/01/01/[$LATEST]abc of /aws/lambda/installer)" in answer["Reason"]
    assert function.lines[-1]["reason"] in answer["Reason"]


def test_a_look_is_refused_with_all_that_eks_says_and_neither_cluster_nor_registry_is_asked(function: Function) -> None:
    function.rig.eks.described = {"version": "1.21", "accessConfig": {"authenticationMode": "CONFIG_MAP"}}
    function.rig.eks.addons.clear()

    asked = list[str]()
    function.rig.registry.before = asked.append

    answer = function(resource_type=LOOK)

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", f"{ARN}/looked-at")
    assert "cluster east: 2 findings, nothing was changed" in answer["Reason"]
    assert "authentication mode is CONFIG_MAP" in answer["Reason"]
    assert "its Kubernetes is '1.21'" in answer["Reason"]
    assert (function.rig.api.calls, asked) == ([], [])


def test_bad_properties_are_answered(function: Function) -> None:
    answer = function(Dns="none", Eks=None)

    assert answer["Status"] == "FAILED"
    assert "Eks is missing" in answer["Reason"]
    assert "Dns='none'" in answer["Reason"]


def test_missing_settings_are_answered(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MCS_CLUSTERSET")

    assert "MCS_CLUSTERSET is not set" in function()["Reason"]


def test_a_bug_is_answered_and_its_traceback_logged(function: Function) -> None:
    def fail(_: Call) -> None:
        raise ZeroDivisionError

    function.rig.api.before = fail
    answer = function("Delete", physical_id=f"{ARN}/cloudmap-mcs")

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", f"{ARN}/cloudmap-mcs")
    assert "ZeroDivisionError" in answer["Reason"]
    assert "Traceback" in function.printed


def test_a_call_that_hangs_is_given_up_in_time_for_the_answer(function: Function) -> None:
    def hang(_: Call) -> None:
        try:
            time.sleep(60)
        except Exception:  # noqa: BLE001  # what adapters do with failures of a call
            return

    function.rig.api.before = hang
    answer = function(milliseconds=10_100)

    assert answer["Status"] == "FAILED"
    assert "the function's time was up" in answer["Reason"]


def test_without_time_nothing_is_begun(function: Function) -> None:
    assert "no time was left" in function(milliseconds=14_000)["Reason"]
    assert function.rig.api.writes == []


@pytest.mark.parametrize(
    "url", [URL, "http://127.0.0.1:1/answer", "http://evil.example/answer?X-Amz-Signature=c2VjcmV0"]
)
def test_a_request_that_would_be_answered_elsewhere_is_ignored(function: Function, url: str) -> None:
    function.run(an_event(url=url))

    assert function.listener.bodies == []
    assert function.rig.opened == 0
    (line,) = function.lines
    assert (line["level"], line["message"]) == ("ERROR", "not answered, and nothing was done")
    assert "ResponseURL" in line["problem"]
    assert SECRET not in function.printed


def test_an_event_that_is_no_request_is_ignored(function: Function) -> None:
    function.run({"resync": "all"})

    assert function.listener.bodies == []
    assert "RequestType is missing" in function.lines[0]["problem"]


def test_an_answer_that_is_not_taken_fails_the_invocation(function: Function) -> None:
    function.listener.statuses = [503, 503, 503]

    with pytest.raises(RetryableError, match="503"):
        function()


def test_no_log_level_shows_the_signature(function: Function, monkeypatch: pytest.MonkeyPatch) -> None:
    root, lines = logging.getLogger(), list[str]()
    handler = logging.Handler(logging.DEBUG)
    monkeypatch.setattr(handler, "emit", lambda record: lines.append(record.getMessage()))
    monkeypatch.setattr(root, "level", logging.DEBUG)
    root.addHandler(handler)
    try:
        function()
    finally:
        root.removeHandler(handler)

    assert SECRET not in "".join(lines) + function.printed
