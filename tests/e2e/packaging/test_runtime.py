"""The unpacked bundle under AWS's own runtime interface client, with nothing beside it but what Lambda has there."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.bundle import bundle
from infra.cache import cache_folder
from infra.importer import HANDLER as IMPORTER
from infra.installer import HANDLER as INSTALLER
from infra.namespace import HANDLER as NAMESPACE
from infra.wheels import host_target
from tests.e2e.packaging.runtime_api import ANSWERS, RuntimeApi, Told
from tests.infra.runtime import RUNTIME, top_level

ROOT = Path(__file__).parents[3]
PATIENCE = 60

# The search path is Lambda's: the function's folder, then the runtime's; no site-packages.
START = """
import runpy, sys
sys.path[:0] = [sys.argv.pop(1)]
sys.path.append(sys.argv.pop(1))
sys.argv[0] = "awslambdaric"
runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
"""

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform != "linux", reason="awslambdaric has wheels for Linux only"),
]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the bundle that is made for this interpreter."""
    environ = os.environ  # noqa: TID251 -- a door
    made = bundle(ROOT, host_target(), cache=cache_folder(environ), say=lambda _line: None)
    folder = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(made.path) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Put the runtime's packages into a folder of their own."""
    folder = tmp_path_factory.mktemp("runtime")
    for distribution in RUNTIME:
        for path in top_level(distribution):
            if not (folder / path.name).exists():
                (folder / path.name).symlink_to(path)
    return folder


Invoke = Callable[..., list[Told]]


@pytest.fixture
def invoke(task: Path, runtime: Path) -> Iterator[Invoke]:
    """Give the event to a handler; returns all that its process told until the invocation was over."""
    started: list[subprocess.Popen[str]] = []
    served: list[RuntimeApi] = []

    def run(handler: str, event: Callable[[str], dict[str, Any]], **variables: str) -> list[Told]:
        api = RuntimeApi({})
        served.append(api)
        api.event = event(api.address)
        environment = {
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_LAMBDA_FUNCTION_NAME": "the-function",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/the-function",
            "AWS_LAMBDA_LOG_STREAM_NAME": "the-stream",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": f"http://{api.address}",
            "LAMBDA_TASK_ROOT": str(task),
            "_HANDLER": handler,
            **variables,
        }
        command = [sys.executable, "-I", "-S", "-c", START, str(task), str(runtime), handler]
        child = subprocess.Popen(command, cwd=task, env=environment, stdout=subprocess.DEVNULL, text=True)
        started.append(child)
        told = [api.told.get(timeout=PATIENCE)]
        while not told[-1].path.endswith(("/response", "/error")):
            told.append(api.told.get(timeout=PATIENCE))
        return told

    yield run
    for child in started:
        child.kill()
        child.wait()
    for api in served:
        api.close()


SETTINGS = {
    "MCS_CLUSTERSET": "prod",
    "MCS_CLUSTER": "east",
    "MCS_MEMBERS": "east,west",
    "MCS_NAMESPACE_ID": "ns-abc",
    "MCS_HUB_REGION": "us-east-1",
    "MCS_EKS_CLUSTER": "prod-east",
    "MCS_EKS_REGION": "us-east-1",
    "MCS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/queue",
    "POWERTOOLS_SERVICE_NAME": "importer",
    "POWERTOOLS_METRICS_NAMESPACE": "cloudmap-mcs",
}


def test_the_importer_takes_a_batch_that_does_not_concern_it(invoke: Invoke) -> None:
    detail = {
        "schema": 1,
        "clusterset": "another",
        "cluster": "west",
        "namespace": "shop",
        "service": "cart",
        "generation": 1,
        "time": "2026-01-01T00:00:00Z",
    }
    message = {"source": "cloudmap-mcs", "detail-type": "ServiceExport Changed", "detail": detail}
    record = {
        "messageId": "one",
        "receiptHandle": "handle",
        "body": json.dumps(message),
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSource": "aws:sqs",
    }

    (answer,) = invoke(IMPORTER, lambda _: {"Records": [record]}, **SETTINGS)

    assert answer.path.endswith("/response")
    assert answer.document == {"batchItemFailures": []}


def test_the_importer_says_what_is_wrong_with_an_invoke(invoke: Invoke) -> None:
    (answer,) = invoke(IMPORTER, lambda _: {"resync": "some"}, **SETTINGS)

    assert answer.path.endswith("/error")
    assert answer.document["errorType"] == "UnknownMessageError"


def a_request(address: str, properties: dict[str, str]) -> dict[str, Any]:
    return {
        "RequestType": "Create",
        "ResponseURL": f"http://{address}{ANSWERS}",
        "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/members/1",
        "RequestId": "the-request",
        "LogicalResourceId": "east",
        "ResourceType": "Custom::CloudmapMcsMember",
        "ResourceProperties": properties,
    }


@pytest.mark.parametrize("handler", [INSTALLER, NAMESPACE])
def test_a_custom_resource_that_cannot_be_is_answered_with_what_is_wrong(invoke: Invoke, handler: str) -> None:
    variables = {name: SETTINGS[name] for name in ("MCS_CLUSTERSET", "MCS_HUB_REGION", "POWERTOOLS_SERVICE_NAME")}
    answer, end = invoke(handler, lambda address: a_request(address, {"Eks": "!"}), **variables)

    assert answer.path == ANSWERS
    assert (answer.document["Status"], answer.document["RequestId"]) == ("FAILED", "the-request")
    assert "must be" in answer.document["Reason"]
    assert "the-stream" in answer.document["Reason"]
    assert end.path.endswith("/response")
