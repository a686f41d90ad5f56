"""Direct invokes: resyncs, dry runs, bad payloads; and the module itself."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.errors import PermanentError, UnreachableError
from cloudmap_mcs.eventbridge.messages import UnknownMessageError
from tests.builders import KEY
from tests.lambdas.function import OTHER, ROOT, SHOP, UNEXPORTED, WEB, Function, imported, keys, offer
from tests.lambdas.rig import A, Rig


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


def test_one_namespace_can_be_resynced_and_goes_on_in_itself(function: Function, rig: Rig) -> None:
    elsewhere = ServiceKey("bank", "web")
    rig.register(WEB, SHOP, offer(elsewhere))
    rig.pause_ms = 1_000

    first = function({"resync": {"namespace": "shop"}}, milliseconds=10_500)
    (event,) = rig.invoked
    second = function(json.loads(json.dumps(event)), milliseconds=18_000)

    assert [*first["keys"], *second["keys"]] == ["shop/other", "shop/web"]
    assert imported(rig) == {KEY, OTHER}


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
