"""Waiting for operations, by hand-held time; the answers are such as the simulator cannot be made to give."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from cloudmap_mcs.cloudmap.calls import Calls
from cloudmap_mcs.cloudmap.instances import Instance
from cloudmap_mcs.cloudmap.operations import Operations
from cloudmap_mcs.cloudmap.rates import Buckets
from cloudmap_mcs.errors import BusyError, PermanentError, RetryableError
from tests.cloudmap.handheld import HandTimer

INSTANCE = Instance("a", {"format": "1"})


@pytest.fixture
def timer() -> HandTimer:
    return HandTimer()


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1").client(
        "servicediscovery"
    )
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()
    client.close()


@pytest.fixture
def operations(stub: Stubber, timer: HandTimer) -> Operations:
    return Operations(Calls(stub.client, Buckets(1, timer)), timer, account=None, may_write=lambda: True)


def started(stub: Stubber, operation: str = "op-1") -> None:
    stub.add_response("register_instance", {"OperationId": operation, "ResponseMetadata": {}})


def looked(stub: Stubber, status: str, operation: str = "op-1", **more: Any) -> None:
    answer = {"Operation": {"Status": status, **more}, "ResponseMetadata": {}}
    stub.add_response("get_operation", answer, {"OperationId": operation})


def refused(stub: Stubber, call: str, code: str, **more: str) -> None:
    stub.add_client_error(call, code, modeled_fields=more)


def test_an_operation_that_is_named_is_waited_for_before_the_next_try(
    operations: Operations, stub: Stubber, timer: HandTimer
) -> None:
    refused(stub, "register_instance", "DuplicateRequest", DuplicateOperationId="op-0")
    looked(stub, "PENDING", "op-0")
    looked(stub, "FAIL", "op-0")
    started(stub)
    looked(stub, "SUCCESS")

    operations.register("srv-1", [INSTANCE])

    assert timer.slept == pytest.approx([0.05, 0.05, 0.05])


def test_without_a_name_tries_come_at_growing_distances_and_end(
    operations: Operations, stub: Stubber, timer: HandTimer
) -> None:
    for _ in range(7):
        refused(stub, "register_instance", "ResourceInUse")

    with pytest.raises(BusyError, match="RegisterInstance of a in srv-1: ResourceInUse"):
        operations.register("srv-1", [INSTANCE])

    assert timer.slept == pytest.approx([0.05, 0.1, 0.2, 0.4, 0.8, 1.6])


def test_a_throttled_look_is_only_a_look(operations: Operations, stub: Stubber) -> None:
    started(stub)
    refused(stub, "get_operation", "ThrottlingException")
    looked(stub, "SUCCESS")

    operations.register("srv-1", [INSTANCE])


def test_an_operation_that_cloud_map_has_forgotten_is_over(operations: Operations, stub: Stubber) -> None:
    started(stub)
    refused(stub, "get_operation", "OperationNotFound")

    operations.register("srv-1", [INSTANCE])


def test_an_operation_that_takes_too_long_is_given_up(operations: Operations, stub: Stubber, timer: HandTimer) -> None:
    started(stub)
    for _ in range(23):
        looked(stub, "SUBMITTED")

    with pytest.raises(RetryableError, match="not done after 30 s"):
        operations.register("srv-1", [INSTANCE])

    assert 30 < timer.now < 33


def test_a_failed_operation_says_why(operations: Operations, stub: Stubber) -> None:
    started(stub)
    looked(stub, "FAIL", ErrorCode="ACCESS_DENIED", ErrorMessage="no")

    with pytest.raises(PermanentError, match="RegisterInstance of a in srv-1: the operation failed: ACCESS_DENIED: no"):
        operations.register("srv-1", [INSTANCE])


def test_several_instances_are_started_before_any_is_waited_for(operations: Operations, stub: Stubber) -> None:
    started(stub, "op-1")
    started(stub, "op-2")
    looked(stub, "SUCCESS", "op-1")
    looked(stub, "SUCCESS", "op-2")

    operations.register("srv-1", [INSTANCE, Instance("a:1.1", {"format": "1"})])


def test_an_instance_that_is_not_there_is_deregistered_already(operations: Operations, stub: Stubber) -> None:
    refused(stub, "deregister_instance", "InstanceNotFound")

    operations.deregister("srv-1", ["a"])


def test_leave_to_write_is_asked_when_the_turn_has_come_and_not_before(stub: Stubber, timer: HandTimer) -> None:
    """A call may wait long for its turn, and a Lease is lost in seconds."""
    buckets = Buckets(1, timer, {"RegisterInstance": (1, 1), "GetOperation": (100, 100)})
    lease = {"held": True}
    operations = Operations(Calls(stub.client, buckets), timer, account=None, may_write=lambda: lease["held"])
    started(stub)
    timer.on_sleep = lambda: lease.update(held=False)

    with pytest.raises(RetryableError, match=r"RegisterInstance of a:1\.1 in srv-1: not done"):
        operations.register("srv-1", [INSTANCE, Instance("a:1.1", {"format": "1"})])

    assert timer.slept == pytest.approx([1.0])
