"""What the tests of the adapter share beside their fixtures."""

import time
from collections.abc import Callable
from typing import Any

from cloudmap_mcs.cloudmap.registry import CloudMapRegistry
from cloudmap_mcs.domain.model import ClusterId, ServiceKey, Slice
from cloudmap_mcs.ports import Member
from sandbox.cloudmap.client import SimulatorAdmin
from sandbox.cloudmap.settings import Settings, to_mapping
from tests.builders import a_slice

A, B, C = map(ClusterId, "abc")
DEFAULTS = {**to_mapping(Settings()), "operation_delay": "20ms"}
Connect = Callable[..., CloudMapRegistry]


class Ahead:
    """The machine's clock, set forward by as much as a test wants to have passed."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return time.time() + self.seconds  # noqa: TID251  operations really take their time here


def a_namespace(client: Any, name: str) -> str:
    operation = client.create_http_namespace(Name=name)["OperationId"]
    until(lambda: client.get_operation(OperationId=operation)["Operation"]["Status"] == "SUCCESS")
    return str(client.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"])


def until(condition: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if condition():
            return
        time.sleep(0.01)
    raise TimeoutError


def a_member(cluster: ClusterId = A, owner: str = "uid-a", *keys: ServiceKey, heartbeat: int = 1_763_900_000) -> Member:
    return Member(cluster, owner, "0.1.0", (1,), heartbeat, frozenset(keys))


def big(count: int, *, name: str = "web-big", start_at: int = 0) -> Slice:
    return a_slice(*(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(start_at, start_at + count)), name=name)


def calls(admin: SimulatorAdmin) -> dict[str, int]:
    operations: dict[str, int] = admin.stats()["operations"]
    return operations


def instances(client: Any, service_id: str) -> dict[str, dict[str, str]]:
    return {one["Id"]: one["Attributes"] for one in client.list_instances(ServiceId=service_id)["Instances"]}
