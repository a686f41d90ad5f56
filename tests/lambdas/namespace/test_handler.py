"""The handler as Lambda calls it: a simulator as Cloud Map, the answer over HTTP."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from lambdas.customresource import wiring as shared
from lambdas.namespace import wiring
from sandbox.cloudmap.server import RunningSimulator, start
from tests.contract.registry.setting import a_namespace
from tests.fakes.cloudmap import connected
from tests.lambdas.customresource.listener import Listener, listening
from tests.lambdas.function import Context

HUB = "123456789012"
STACK = f"arn:aws:cloudformation:eu-west-1:{HUB}:stack/hub/0f3b6a70"


class Streaming(Context):
    log_group_name = "/aws/lambda/finder"
    log_stream_name = "stream"


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with start(seed=3) as running:
        yield running


@pytest.fixture
def client(simulator: RunningSimulator) -> Iterator[Any]:
    with connected(simulator) as built:
        yield built


@pytest.fixture
def listener(client: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    assert client
    with listening() as found:
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "namespace")
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", found.url.partition("/answer")[0])
        caches = (shared.surroundings, shared.mailbox)
        for cache in caches:
            cache.cache_clear()
        yield found
        shared.mailbox()._http.clear()
        for cache in caches:
            cache.cache_clear()


def call(listener: Listener, kind: str, **properties: str) -> dict[str, Any]:
    event = {
        "RequestType": kind,
        "ResponseURL": listener.url,
        "StackId": STACK,
        "RequestId": "r",
        "LogicalResourceId": "Namespace",
        "ResourceType": "Custom::CloudmapMcsNamespace",
        "PhysicalResourceId": "before",
        "ResourceProperties": {"HubRegion": "eu-west-1", **properties},
    }
    module = importlib.import_module("lambdas.namespace.handler")
    module.handler(event, Streaming(900_000))
    (answer,) = listener.answers
    listener.bodies.clear()
    return answer


def test_the_namespace_is_found_and_later_emptied(
    client: Any, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace = a_namespace(client, "mcs.prod")
    service = client.create_service(Name="web.shop", NamespaceId=namespace)["Service"]["Id"]
    client.register_instance(ServiceId=service, InstanceId="a", Attributes={"AWS_INSTANCE_IPV4": "10.0.0.1"})
    monkeypatch.setattr(wiring, "stack_state", lambda _: "DELETE_IN_PROGRESS")

    found = call(listener, "Create", Name="mcs.prod", HubAccount=HUB)
    emptied = call(listener, "Delete", NamespaceId=namespace)

    assert (found["Status"], found["Data"]["Id"], found["PhysicalResourceId"]) == (
        "SUCCESS",
        namespace,
        f"arn:aws:servicediscovery:eu-west-1:{HUB}:namespace/{namespace}",
    )
    assert (emptied["Status"], emptied["Data"]) == ("SUCCESS", {"Told": "removed 1 services"})
    assert client.list_services()["Services"] == []


def test_a_mistake_is_answered(listener: Listener) -> None:
    answer = call(listener, "Create", Name="mcs.prod")

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "before")
    assert "HubAccount=None: must be an account id of 12 digits" in answer["Reason"]
