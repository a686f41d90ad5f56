"""What is left of a namespace that was emptied: nothing that would keep it from being deleted."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import pytest

from cloudmap_mcs.cloudmap.client import build
from cloudmap_mcs.cloudmap.emptying import Emptied, Emptier
from cloudmap_mcs.errors import RetryableError
from sandbox.cloudmap.client import SimulatorAdmin
from tests.builders import KEY, a_record, an_export
from tests.contract.registry.setting import A, B, Connect, until

GUEST = "222222222222"


@pytest.fixture
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture
def empty(client: Any, namespace: str, executor: Executor) -> Callable[..., Emptied]:
    def empty(reference: str = namespace, *, seconds: float = 30.0) -> Emptied:
        return Emptier(client, namespace=reference, executor=executor).run(seconds=seconds)

    return empty


def service(client: Any, namespace: str, name: str, *instances: str, is_late: bool = False) -> str:
    """Make a service; a late one's instances are still to appear."""
    made = str(client.create_service(Name=name, NamespaceId=namespace)["Service"]["Id"])
    for instance in instances:
        client.register_instance(ServiceId=made, InstanceId=instance, Attributes={"AWS_INSTANCE_IPV4": "10.0.0.1"})
    if not is_late:
        until(lambda: len(client.list_instances(ServiceId=made)["Instances"]) == len(instances))
    return made


def is_deleted(client: Any, namespace: str) -> bool:
    operation = client.delete_namespace(Id=namespace)["OperationId"]
    until(lambda: client.get_operation(OperationId=operation)["Operation"]["Status"] == "SUCCESS")
    return not client.list_namespaces()["Namespaces"]


def test_records_members_and_what_others_put_there_all_go(
    connect: Connect, client: Any, namespace: str, empty: Callable[..., Emptied]
) -> None:
    for cluster in (A, B):
        connect(cluster).put(KEY, a_record(an_export(cluster), 7))
    service(client, namespace, "somebody-elses", "one", "two")
    service(client, namespace, "empty")

    assert empty() == Emptied(4)
    assert is_deleted(client, namespace)


def test_what_other_accounts_made_goes_too(
    client: Any, namespace: str, empty: Callable[..., Emptied], admin: SimulatorAdmin, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = f"arn:aws:servicediscovery:eu-west-1:123456789012:namespace/{namespace}"
    admin.share("mcs", [arn], [GUEST])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", GUEST)
    guest = build("eu-west-1")
    made = guest.create_service(Name="web.shop", NamespaceId=arn)["Service"]["Arn"]
    guest.register_instance(ServiceId=made, InstanceId="far", Attributes={"AWS_INSTANCE_IPV4": "10.0.0.1"})
    guest.close()

    assert empty() == Emptied(1)
    assert is_deleted(client, namespace)


def test_an_operation_under_way_is_waited_for(
    client: Any, namespace: str, empty: Callable[..., Emptied], admin: SimulatorAdmin
) -> None:
    admin.change(operation_delay="300ms")
    service(client, namespace, "web.shop", "late", is_late=True)

    assert empty() == Emptied(1)
    assert is_deleted(client, namespace)


def test_when_the_time_is_up_it_says_what_is_left_and_another_run_goes_on(
    client: Any, namespace: str, empty: Callable[..., Emptied]
) -> None:
    service(client, namespace, "web.shop", "one")
    cut = empty(seconds=0)

    assert cut.removed == 0
    assert set(cut.left) == {"web.shop"}
    assert all(isinstance(error, RetryableError) for error in cut.left.values())
    assert empty() == Emptied(1)


@pytest.mark.parametrize("is_arn", [False, True])
def test_an_empty_namespace_and_one_that_is_gone_are_empty(
    client: Any, namespace: str, empty: Callable[..., Emptied], *, is_arn: bool
) -> None:
    reference = f"arn:aws:servicediscovery:eu-west-1:123456789012:namespace/{namespace}" if is_arn else namespace
    assert empty(reference) == Emptied(0)
    assert is_deleted(client, namespace)

    assert empty(reference) == Emptied(0)


def test_another_namespace_is_left_alone(client: Any, namespace: str, empty: Callable[..., Emptied]) -> None:
    operation = client.create_http_namespace(Name="other")["OperationId"]
    until(lambda: client.get_operation(OperationId=operation)["Operation"]["Status"] == "SUCCESS")
    other = client.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"]
    kept = service(client, other, "web.shop", "one")
    service(client, namespace, "web.shop", "one")

    assert empty() == Emptied(1)
    assert [item["Id"] for item in client.list_services()["Services"]] == [kept]


class Meddling(ThreadPoolExecutor):
    """Makes a service after the first round, as a watcher that still runs would."""

    def __init__(self, meddle: Callable[[], object]) -> None:
        super().__init__(2)
        self._meddle: Callable[[], object] | None = meddle

    def map(self, fn: Callable[..., Any], *iterables: Any, **more: Any) -> Iterator[Any]:
        done = list(super().map(fn, *iterables, **more))
        if self._meddle:
            self._meddle()
            self._meddle = None
        return iter(done)


def test_what_is_made_meanwhile_goes_as_well(client: Any, namespace: str) -> None:
    service(client, namespace, "web.shop", "one")
    with Meddling(lambda: service(client, namespace, "late.shop", "one")) as executor:
        emptied = Emptier(client, namespace=namespace, executor=executor).run(seconds=30)

    assert emptied == Emptied(2)
    assert is_deleted(client, namespace)
