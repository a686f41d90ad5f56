"""A Registry driven directly, with its own time."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sandbox.cloudmap.errors import ApiError
from sandbox.cloudmap.model import Caller
from sandbox.cloudmap.registry import Registry
from sandbox.cloudmap.settings import Settings, change

US = "us-east-1"
ME = Caller("111111111111", US)
OTHER = Caller("222222222222", US)


class Driven:
    """Calls the rules and moves the time."""

    def __init__(self, **settings: Any) -> None:
        self.settings = change(Settings(), settings)
        self.registry = Registry(self.settings, random.Random(3))  # noqa: S311  a seed, so that a failure repeats
        self.now = 1000.0

    def call(self, operation: str, caller: Caller = ME, **params: Any) -> dict[str, Any]:
        return self.registry.call(operation, params, caller, self.now)

    def configure(self, **settings: Any) -> None:
        self.settings = change(self.settings, settings)
        self.registry.configure(self.settings)

    def wait(self, seconds: float = 1.0) -> None:
        self.now += seconds

    def namespace(self, name: str = "mcs.demo", kind: str = "Http", **more: Any) -> str:
        operation = self.call(f"Create{kind}Namespace", Name=name, **more)["OperationId"]
        self.wait()
        return str(self.call("GetOperation", OperationId=operation)["Operation"]["Targets"]["NAMESPACE"])

    def service(self, name: str = "web.shop", **more: Any) -> str:
        namespace = more.pop("NamespaceId", None) or self.namespace()
        return str(self.call("CreateService", Name=name, NamespaceId=namespace, **more)["Service"]["Id"])

    def register(self, service: str, instance: str = "a", **attributes: str) -> str:
        answer = self.call("RegisterInstance", ServiceId=service, InstanceId=instance, Attributes=attributes)
        return str(answer["OperationId"])

    def found(self, **more: Any) -> set[str]:
        answer = self.call("DiscoverInstances", NamespaceName="mcs.demo", ServiceName="web.shop", **more)
        return {instance["InstanceId"] for instance in answer["Instances"]}

    def revision(self) -> int:
        answer = self.call("DiscoverInstancesRevision", NamespaceName="mcs.demo", ServiceName="web.shop")
        return int(answer["InstancesRevision"])


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(ApiError) as caught:
        yield
    assert caught.value.code == code
