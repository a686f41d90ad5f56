"""The composition root: what it builds from the environment, without any call."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloudmap_mcs.errors import PermanentError, RetryableError
from cloudmap_mcs.kube.assuming import AssumedRole
from lambdas.importer import wiring
from lambdas.importer.pacing import Pace
from tests.fakes.time import Seconds
from tests.test_settings import IMPORTER


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in (*IMPORTER, "MCS_ASSUME_ROLE_ARN", "MCS_ASSUME_EXTERNAL_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    wiring.door.cache_clear()
    yield
    wiring.door.cache_clear()


def test_the_door_is_built_once_and_for_the_cluster_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in IMPORTER.items():
        monkeypatch.setenv(name, value)
    door = wiring.door()

    assert wiring.door() is door
    assert (door.importer.own, door.accept.clusterset) == ("east", "prod")
    assert sorted(door.accept.members) == ["east", "west"]
    assert door.queue.url == IMPORTER["MCS_QUEUE_URL"]


def test_a_function_without_its_environment_names_what_is_missing_at_every_invocation() -> None:
    for _ in range(2):
        with pytest.raises(PermanentError, match=r"MCS_CLUSTER is not set.*MCS_QUEUE_URL is not set"):
            wiring.door()


class Lambda:
    """boto3's client for Lambda, as far as it is used."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.calls: list[dict[str, Any]] = []

    def invoke(self, **arguments: Any) -> dict[str, Any]:
        self.calls.append(arguments)
        if self.error:
            raise self.error
        return {"StatusCode": 202, "Payload": io.BytesIO()}


def test_going_on_is_an_asynchronous_invoke_of_the_function_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Lambda()
    monkeypatch.setattr(wiring, "_client", lambda _: client)
    wiring._go_on("importer")({"resync": "all"})

    ((call),) = client.calls
    assert (call["FunctionName"], call["InvocationType"]) == ("importer", "Event")
    assert json.loads(call["Payload"]) == {"resync": "all"}


def test_going_on_that_fails_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    error = ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke")
    monkeypatch.setattr(wiring, "_client", lambda _: Lambda(error))
    with pytest.raises(RetryableError, match="another invocation of importer: TooManyRequestsException"):
        wiring._go_on("importer")({"resync": "all"})


def test_a_pace_gives_every_caller_its_own_turn() -> None:
    now = Seconds(100.0)
    slept: list[float] = []
    pace = Pace(4.0, now, slept.append)
    for _ in range(4):
        pace.take()
    assert slept == [0.25, 0.5, 0.75]

    now.now += 10
    pace.take()
    assert slept == [0.25, 0.5, 0.75]


def test_a_cluster_of_another_account_is_reached_by_the_role_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assumed: list[tuple[AssumedRole, str]] = []

    def assuming(role: AssumedRole, component: str, own: Any) -> Any:
        assumed.append((role, component))
        return own

    monkeypatch.setattr(wiring, "assuming", assuming)
    role = {"MCS_ASSUME_ROLE_ARN": "arn:aws:iam::210987654321:role/r", "MCS_ASSUME_EXTERNAL_ID": "prod/east"}
    for name, value in {**IMPORTER, **role}.items():
        monkeypatch.setenv(name, value)

    wiring.door()

    assert assumed == [(AssumedRole("arn:aws:iam::210987654321:role/r", "prod/east"), "importer")]
