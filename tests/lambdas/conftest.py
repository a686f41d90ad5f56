"""The importer function on doubles."""

import importlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.lambdas.function import Function
from tests.lambdas.rig import Rig


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
