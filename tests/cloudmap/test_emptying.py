"""Emptying against answers such as the simulator cannot be made to give, by hand-held time."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from cloudmap_mcs.cloudmap.emptying import Emptied, Emptier
from cloudmap_mcs.cloudmap.translation import ThrottledError
from cloudmap_mcs.errors import PermanentError
from tests.cloudmap.handheld import HandTimer


class Inline(Executor):
    """Does everything at once, in order."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


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
def emptier(stub: Stubber, timer: HandTimer) -> Emptier:
    return Emptier(stub.client, namespace="ns-1", executor=Inline(), timer=timer)


def listed(stub: Stubber, *names: str) -> None:
    services = [{"Name": name, "Id": f"srv-{name}"} for name in names]
    stub.add_response("list_services", {"Services": services, "ResponseMetadata": {}})


def holds_nothing(stub: Stubber) -> None:
    stub.add_response("list_instances", {"Instances": [], "ResponseMetadata": {}})


def test_a_service_that_refills_is_tried_again_after_a_growing_pause(
    emptier: Emptier, stub: Stubber, timer: HandTimer
) -> None:
    for _ in range(3):
        listed(stub, "web")
        holds_nothing(stub)
        stub.add_client_error("delete_service", "ResourceInUse")
    listed(stub, "web")
    holds_nothing(stub)
    stub.add_response("delete_service", {"ResponseMetadata": {}})
    listed(stub)

    assert emptier.run(seconds=100) == Emptied(1)
    assert [pause for pause in timer.slept if pause >= 1] == [1, 2, 4]


def test_where_only_a_person_helps_it_gives_up_at_once_and_says_why(
    emptier: Emptier, stub: Stubber, timer: HandTimer
) -> None:
    listed(stub, "web", "db")
    stub.add_client_error("list_instances", "AccessDeniedException", "no")
    holds_nothing(stub)
    stub.add_response("delete_service", {"ResponseMetadata": {}})

    emptied = emptier.run(seconds=100)

    assert emptied.removed == 1
    assert set(emptied.left) == {"web"}
    assert isinstance(emptied.left["web"], PermanentError)
    assert not timer.slept


def test_a_list_that_is_throttled_is_asked_for_again(emptier: Emptier, stub: Stubber) -> None:
    stub.add_client_error("list_services", "ThrottlingException")
    listed(stub)

    assert emptier.run(seconds=100) == Emptied(0)


def test_a_list_that_stays_throttled_is_not_taken_for_an_empty_one(emptier: Emptier, stub: Stubber) -> None:
    stub.add_client_error("list_services", "ThrottlingException")

    emptied = emptier.run(seconds=0.5)

    assert {name: type(error) for name, error in emptied.left.items()} == {"*": ThrottledError}


def test_a_list_that_may_not_be_read_is_an_error(emptier: Emptier, stub: Stubber) -> None:
    stub.add_client_error("list_services", "AccessDeniedException")

    with pytest.raises(PermanentError, match="AccessDenied"):
        emptier.run(seconds=100)


def test_a_service_that_went_meanwhile_is_removed(emptier: Emptier, stub: Stubber) -> None:
    listed(stub, "web")
    stub.add_client_error("list_instances", "ServiceNotFound")
    listed(stub)

    assert emptier.run(seconds=100) == Emptied(1)
