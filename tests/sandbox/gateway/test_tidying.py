from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.cloudmap.server import start
from sandbox.cloudmap.settings import Settings, change
from sandbox.errors import SandboxError
from sandbox.gateway.endpoint import Endpoint, parse
from sandbox.gateway.tidying import find_namespace, remove_namespace, require_free

ACCOUNT, REGION = "123456789012", "us-east-1"


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    running = start(change(Settings(), {"operation_delay": "0ms"}))
    yield parse(running.url)
    running.stop()


@pytest.fixture
def client(endpoint: Endpoint) -> Any:
    return endpoint.client(ACCOUNT, REGION)


def create(client: Any, name: str) -> str:
    client.create_http_namespace(Name=name)
    identifier = find_namespace(client, name)
    assert identifier is not None
    return identifier


def test_a_namespace_of_this_name_is_refused_and_any_other_is_not(endpoint: Endpoint, client: Any) -> None:
    create(client, "mcs.prod")
    require_free(client, endpoint.url, "mcs.demo")
    identifier = create(client, "mcs.demo")

    with pytest.raises(SandboxError, match=f"mcs.demo \\({identifier}\\) already.* make down CLOUDMAP_ENDPOINT="):
        require_free(client, endpoint.url, "mcs.demo")


def test_removal_takes_services_and_instances_along_and_nothing_of_others(endpoint: Endpoint, client: Any) -> None:
    kept = create(client, "mcs.prod")
    kept_service = client.create_service(Name="web.shop", NamespaceId=kept)["Service"]["Id"]
    for number in range(2):
        service = client.create_service(Name=f"web-{number}.shop", NamespaceId=_demo(client))["Service"]["Id"]
        client.register_instance(ServiceId=service, InstanceId="i", Attributes={"AWS_INSTANCE_IPV4": "10.0.0.1"})

    assert remove_namespace(client, endpoint.url, "mcs.demo") == 2

    assert find_namespace(client, "mcs.demo") is None
    assert [service["Id"] for service in client.list_services()["Services"]] == [kept_service]


def test_removal_of_nothing_says_so(endpoint: Endpoint, client: Any) -> None:
    assert remove_namespace(client, endpoint.url, "mcs.demo") is None


def test_a_cloud_map_that_does_not_answer_is_one_sentence() -> None:
    endpoint = parse("http://127.0.0.1:9")

    with pytest.raises(SandboxError, match="does not answer as it should"):
        require_free(endpoint.client(ACCOUNT, REGION), endpoint.url, "mcs.demo")


def _demo(client: Any) -> str:
    return find_namespace(client, "mcs.demo") or create(client, "mcs.demo")
