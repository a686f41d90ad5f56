"""Who finds the hub's namespace, in the hub's account and in others."""

from collections.abc import Iterator
from typing import Any

import pytest

from cloudmap_mcs.cloudmap.client import build
from cloudmap_mcs.cloudmap.finding import Found, find_namespace
from cloudmap_mcs.cloudmap.timing import MonotonicTimer
from sandbox.cloudmap.client import SimulatorAdmin
from tests.contract.registry.setting import a_namespace

OWNER, GUEST, STRANGER = "123456789012", "222222222222", "333333333333"


@pytest.fixture
def guest(client: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The same Cloud Map for another account."""
    assert client
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", GUEST)
    built = build("eu-west-1")
    yield built
    built.close()


def found(client: Any, name: str = "mcs.demo", owner: str = OWNER) -> Found | None:
    return find_namespace(client, name, owner=owner, timer=MonotonicTimer())


def arn(namespace: str, account: str = OWNER) -> str:
    return f"arn:aws:servicediscovery:eu-west-1:{account}:namespace/{namespace}"


def test_the_owner_finds_its_namespace_by_name(client: Any, namespace: str) -> None:
    assert found(client) == Found(namespace, arn(namespace))
    assert found(client, "mcs.dem") is None
    assert found(client, owner=STRANGER) is None


def test_another_account_finds_it_when_it_is_shared_and_not_before(
    guest: Any, namespace: str, admin: SimulatorAdmin
) -> None:
    assert found(guest) is None
    admin.share("mcs", [arn(namespace)], [GUEST])

    assert found(guest) == Found(namespace, arn(namespace))


def test_a_namespace_of_the_same_name_that_is_not_the_hubs_is_passed_over(
    guest: Any, namespace: str, admin: SimulatorAdmin
) -> None:
    own = a_namespace(guest, "mcs.demo")
    assert found(guest) is None
    admin.share("mcs", [arn(namespace)], [GUEST])

    assert found(guest) == Found(namespace, arn(namespace))
    assert found(guest, owner=GUEST) == Found(own, arn(own, GUEST))
