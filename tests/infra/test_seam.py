"""What CDK promises the function against what the code asks for: both sides are read, neither is repeated here."""

import importlib
from typing import Any

import pytest

from cloudmap_mcs.eventbridge import messages
from cloudmap_mcs.settings import ImporterSettings
from infra import patterns
from infra.importer import HANDLER
from tests.infra.conftest import Stack
from tests.infra.test_importer import function


@pytest.mark.parametrize("cluster", ["east", "west", "old"])
def test_the_functions_environment_makes_complete_settings(members: Stack, cluster: str) -> None:
    variables = function(members, cluster)["Environment"]["Variables"]
    settings = ImporterSettings.from_env({name: members.text(value) for name, value in variables.items()})

    assert (settings.clusterset, settings.cluster) == ("prod", cluster)
    assert settings.members == {"east", "west"}
    assert (settings.eks_cluster, settings.eks_region) == (f"prod-{cluster}", "eu-west-1")
    assert settings.resync_seconds == 420
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

    assert {name for name in variables if name.startswith("MCS_")} == environment.asked


def test_the_handler_string_leads_to_a_function(members: Stack) -> None:
    module, _, name = function(members)["Handler"].rpartition(".")

    assert function(members)["Handler"] == HANDLER
    assert callable(getattr(importlib.import_module(module), name))


def test_the_rules_wait_for_the_events_that_watchers_send() -> None:
    assert (patterns.SOURCE, patterns.DETAIL_TYPE) == (messages.SOURCE, messages.DETAIL_TYPE)
