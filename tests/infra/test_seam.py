"""What CDK promises the function against what the code asks for: both sides are read, neither is repeated here."""

import importlib
import json
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics

from cloudmap_mcs.eventbridge import messages
from cloudmap_mcs.reconcile.resyncing import Resynced
from cloudmap_mcs.settings import ImporterSettings
from infra import patterns
from infra.importer import HANDLER
from lambdas.importer import telling
from tests.infra.conftest import Stack
from tests.infra.test_importer import function


@pytest.mark.parametrize("cluster", ["east", "west", "old"])
def test_the_functions_environment_makes_complete_settings(members: Stack, cluster: str) -> None:
    variables = function(members, cluster)["Environment"]["Variables"]
    settings = ImporterSettings.from_env({name: members.text(value) for name, value in variables.items()})

    assert (settings.clusterset, settings.cluster) == ("prod", cluster)
    assert settings.members == {"east", "west"}
    assert (settings.eks_cluster, settings.eks_region) == (f"prod-{cluster}", "eu-west-1")
    assert settings.resync_seconds == 360
    assert variables["MCS_QUEUE_URL"]["Ref"].startswith(f"{cluster}InboxQueue")


class Watched(dict[str, str]):
    """An environment that knows what was asked of it."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


def test_every_variable_of_ours_is_one_that_the_settings_read(members: Stack) -> None:
    variables = function(members)["Environment"]["Variables"]
    environment = Watched({name: members.text(value) for name, value in variables.items()})
    ImporterSettings.from_env(environment)

    # Those two are only for clusters of other accounts: tests/infra/choices/test_access.py.
    elsewhere = {"MCS_ASSUME_ROLE_ARN", "MCS_ASSUME_EXTERNAL_ID"}
    assert {name for name in variables if name.startswith("MCS_")} == environment.asked - elsewhere


def test_the_handler_string_leads_to_a_function(members: Stack) -> None:
    module, _, name = function(members)["Handler"].rpartition(".")

    assert function(members)["Handler"] == HANDLER
    assert callable(getattr(importlib.import_module(module), name))


def test_the_rules_wait_for_the_events_that_watchers_send() -> None:
    ours = messages.SOURCE, messages.CHANGED, messages.APPEARED

    assert ours == (patterns.SOURCE, patterns.CHANGED, patterns.APPEARED)


def test_the_brakes_alarm_listens_to_the_metric_that_the_function_sends(
    members: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    variables = function(members, "west")["Environment"]["Variables"]
    namespace, service = variables["POWERTOOLS_METRICS_NAMESPACE"], variables["POWERTOOLS_SERVICE_NAME"]
    metrics = Metrics(namespace=namespace, service=service)
    for name, value in (("clusterset", "prod"), ("cluster", "west")):
        metrics.add_dimension(name, value)
    telling.tell_resync(Logger(service="seam"), metrics, Resynced((), is_braked=True))
    metrics.flush_metrics()
    sent = json.loads(next(line for line in capsys.readouterr().out.splitlines() if "_aws" in line))

    alarms = {alarm["AlarmName"]: alarm for alarm in members.of_type("AWS::CloudWatch::Alarm")}
    alarm = alarms["cloudmap-mcs-prod-west-brake"]
    (described,) = sent["_aws"]["CloudWatchMetrics"]
    assert alarm["Namespace"] == described["Namespace"]
    assert alarm["MetricName"] in {metric["Name"] for metric in described["Metrics"]}
    assert sorted(item["Name"] for item in alarm["Dimensions"]) == sorted(described["Dimensions"][0])
    assert all(sent[item["Name"]] == item["Value"] for item in alarm["Dimensions"])
