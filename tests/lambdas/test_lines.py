"""Log lines and metrics of the importer."""

import json

from cloudmap_mcs.ports import SetAside
from tests.lambdas.function import SECRET, WEB, Function
from tests.lambdas.rig import Rig, a_hint


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
