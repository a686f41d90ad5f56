"""A Cloud Map to test against: the simulator over HTTP, or moto in process; the same real boto3 client for both."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "eu-west-1"


class Moment:
    """A clock that only moves when told."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


def a_client(endpoint: str | None, *, access_key: str = "test", region: str = REGION, agent: str = "") -> Any:
    """Return a client that never retries, so that every answer is seen."""
    return boto3.client(
        "servicediscovery",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=access_key,
        aws_secret_access_key="test",
        config=Config(
            inject_host_prefix=False,
            retries={"mode": "standard", "total_max_attempts": 1},
            user_agent_extra=agent,
        ),
    )


@dataclass(frozen=True)
class CloudMap:
    """One empty Cloud Map. `wait` lets seconds pass, where time matters."""

    connect: Callable[..., Any]
    wait: Callable[[float], None]
    client: Any

    def namespace(self, name: str = "mcs.demo") -> str:
        """Create an HTTP namespace and return its id."""
        operation = self.client.create_http_namespace(Name=name)["OperationId"]
        self.wait(1)
        targets = self.client.get_operation(OperationId=operation)["Operation"]["Targets"]
        return str(targets["NAMESPACE"])

    def service(self, name: str = "web.shop", **more: Any) -> str:
        """Create a service, in a new namespace unless one is given, and return its id."""
        namespace = more.pop("NamespaceId", None) or self.namespace()
        return str(self.client.create_service(Name=name, NamespaceId=namespace, **more)["Service"]["Id"])

    def register(self, service: str, instance: str, **attributes: str) -> str:
        """Register an instance, wait until it is there, return the operation's id."""
        answer = self.client.register_instance(ServiceId=service, InstanceId=instance, Attributes=attributes)
        self.wait(1)
        return str(answer["OperationId"])

    def deregister(self, service: str, instance: str) -> None:
        self.client.deregister_instance(ServiceId=service, InstanceId=instance)
        self.wait(1)

    def discover(self, name: str = "web.shop", **more: Any) -> dict[str, Any]:
        more.setdefault("NamespaceName", "mcs.demo")
        answer: dict[str, Any] = self.client.discover_instances(ServiceName=name, **more)
        return answer

    def found(self, **more: Any) -> dict[str, dict[str, str]]:
        """Return what DiscoverInstances shows: id → attributes."""
        return {one["InstanceId"]: one["Attributes"] for one in self.discover(**more)["Instances"]}

    def revision(self, name: str = "web.shop") -> int:
        answer = self.client.discover_instances_revision(NamespaceName="mcs.demo", ServiceName=name)
        return int(answer["InstancesRevision"])


@contextmanager
def refused(code: str, status: int | None = None) -> Iterator[dict[str, Any]]:
    """Expect an error with this code; what is yielded then holds the whole answer."""
    answer: dict[str, Any] = {}
    with pytest.raises(ClientError) as caught:
        yield answer
    answer.update(caught.value.response)
    assert answer["Error"]["Code"] == code
    if status is not None:
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == status


def moto_differs(reason: str) -> pytest.MarkDecorator:
    """Mark behaviour that the simulator has and moto does not; the day moto has it too, the mark fails."""
    unfaithful = pytest.mark.xfail(strict=True, reason=f"moto: {reason}")
    backends = ["simulator", pytest.param("moto", marks=unfaithful)]
    return pytest.mark.parametrize("cloudmap", backends, indirect=True)
