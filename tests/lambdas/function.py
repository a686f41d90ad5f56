"""The handler as a test calls it: real events in, Powertools' batch answer, log lines and metrics out."""

import json
import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cloudmap_mcs.domain.imports import ServiceImport
from cloudmap_mcs.domain.model import Gap, Record, ServiceKey
from tests.builders import KEY, a_record, a_slice, an_export
from tests.lambdas.rig import Rig, a_batch

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


def imported(rig: Rig) -> set[ServiceKey]:
    return {key for kind, key, _ in rig.cluster.objects if kind is ServiceImport}


def keys(count: int) -> list[ServiceKey]:
    return [ServiceKey("shop", f"s{number:02}") for number in range(count)]
