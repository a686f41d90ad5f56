"""The composition root: what a person sees who starts the watcher with something missing."""

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudmap_mcs.cloudmap.registry import CloudMapRegistry
from cloudmap_mcs.domain.model import ClusterId
from cloudmap_mcs.settings import WatcherSettings
from cloudmap_mcs.watcher.__main__ import build_watcher, log_to, main
from cloudmap_mcs.watcher.identity import ClusterIdentity

ROOT = Path(__file__).parents[2]
VARIABLES = {
    "MCS_CLUSTERSET": "prod",
    "MCS_MEMBERS": "a,b",
    "MCS_NAMESPACE_ID": "ns-1",
    "MCS_HUB_REGION": "eu-west-1",
    "MCS_BUS_ARN": "arn:aws:events:eu-west-1:123456789012:event-bus/cloudmap-mcs-prod",
    "KUBERNETES_SERVICE_HOST": "127.0.0.1",
    "POD_NAME": "watcher-1",
    "MCS_HEALTH_HOST": "127.0.0.1",
    "MCS_HEALTH_PORT": "0",
}


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    ours = logging.getLogger("cloudmap_mcs")
    handlers, level = list(ours.handlers), ours.level
    yield
    ours.handlers[:] = handlers
    ours.setLevel(level)


def test_without_settings_every_missing_one_is_named_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cloudmap_mcs.watcher"],
        cwd=ROOT,
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert all(name in line for name in VARIABLES if not name.startswith("MCS_HEALTH"))


def test_without_a_mounted_service_account_the_folder_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main({**VARIABLES, "MCS_KUBE_CREDENTIALS": str(tmp_path / "none")}) == 2

    told = capsys.readouterr().err
    assert str(tmp_path / "none") in told
    assert "ServiceAccount" in told


def test_a_watcher_is_built_without_any_call(tmp_path: Path) -> None:
    (tmp_path / "namespace").write_text("cloudmap-mcs-system\n")
    (tmp_path / "token").write_text("secret")
    watcher = build_watcher(WatcherSettings.from_env({**VARIABLES, "MCS_KUBE_CREDENTIALS": str(tmp_path)}))

    assert watcher.readiness() == {"synced": False}
    assert watcher.liveness() == {"reflectors": False}


def test_the_registry_writes_only_while_the_lease_is_held(tmp_path: Path) -> None:
    (tmp_path / "namespace").write_text("cloudmap-mcs-system\n")
    (tmp_path / "token").write_text("secret")
    world = build_watcher(WatcherSettings.from_env({**VARIABLES, "MCS_KUBE_CREDENTIALS": str(tmp_path)}))._world

    registry = world.registry(ClusterIdentity(ClusterId("a"), "uid-a"))

    assert isinstance(registry, CloudMapRegistry)
    assert registry._guard.may_write == world.leadership.is_held


def test_log_lines_are_json_with_what_was_given_along() -> None:
    stream = io.StringIO()
    log_to(stream, "INFO")
    logging.getLogger("cloudmap_mcs.watcher").info("exported", extra={"namespace": "shop", "service_name": "web"})

    line = json.loads(stream.getvalue())
    assert (line["message"], line["service"]) == ("exported", "watcher")
    assert (line["namespace"], line["service_name"]) == ("shop", "web")
