"""The managed add-on's Corefile: other settings stay, an update is waited for, and a refusal is told."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from cloudmap_mcs.errors import BusyError, McsError, PermanentError, RetryableError
from cloudmap_mcs.kube.coredns_addon import CoreDnsAddon
from tests.fakes.clock import FixedClock


@dataclass
class Eks:
    """An EKS API with one add-on. An update takes `polls` looks to end as `ends`."""

    values: str | None = None
    polls: int = 2
    ends: str = "Successful"
    refusal: Exception | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def describe_addon(self, *, clusterName: str, addonName: str) -> dict[str, Any]:  # noqa: N803 - AWS's names
        assert (clusterName, addonName) == ("prod", "coredns")
        return {"addon": {} if self.values is None else {"configurationValues": self.values}}

    def update_addon(self, **arguments: Any) -> dict[str, Any]:
        self.asked.append(arguments)
        if self.refusal:
            raise self.refusal
        self.values = arguments["configurationValues"]
        return {"update": {"id": "u-1", "status": "InProgress" if self.polls else self.ends}}

    def describe_update(self, *, name: str, addonName: str, updateId: str) -> dict[str, Any]:  # noqa: N803
        assert (name, addonName, updateId) == ("prod", "coredns", "u-1")
        self.polls -= 1
        errors = [{"errorCode": "X", "errorMessage": "conflict in Corefile"}] if self.ends == "Failed" else []
        return {"update": {"id": "u-1", "status": "InProgress" if self.polls else self.ends, "errors": errors}}


def an_addon(eks: Eks) -> CoreDnsAddon:
    return CoreDnsAddon(eks, "prod", FixedClock())


@pytest.mark.parametrize(
    ("values", "expected"),
    [(None, None), ("", None), ("{}", None), ('{"replicaCount": 3}', None), ('{"corefile": ".:53 {}"}', ".:53 {}")],
)
def test_the_corefile_is_the_one_that_is_set(values: str | None, expected: str | None) -> None:
    assert an_addon(Eks(values)).corefile() == expected


def test_other_settings_stay_and_the_update_is_waited_for() -> None:
    eks = Eks('{"replicaCount": 3, "corefile": "old"}')

    an_addon(eks).write("new")

    assert json.loads(eks.values or "") == {"replicaCount": 3, "corefile": "new"}
    assert eks.polls == 0
    (asked,) = eks.asked
    assert (asked["clusterName"], asked["addonName"], asked["resolveConflicts"]) == ("prod", "coredns", "PRESERVE")


@pytest.mark.parametrize("values", ["replicaCount: 3", "[1]"])
def test_settings_that_cannot_be_read_are_not_overwritten(values: str) -> None:
    eks = Eks(values)

    with pytest.raises(PermanentError, match="prod: the configuration of the add-on coredns is no JSON object"):
        an_addon(eks).write("new")

    assert eks.asked == []


def test_an_update_that_fails_is_told_in_the_words_of_eks() -> None:
    with pytest.raises(PermanentError, match="add-on coredns is Failed: conflict in Corefile"):
        an_addon(Eks(ends="Failed")).write("new")
    with pytest.raises(PermanentError, match="add-on coredns is Cancelled: no reason given"):
        an_addon(Eks(ends="Cancelled", polls=0)).write("new")


def test_an_update_that_never_ends_is_not_waited_for_forever() -> None:
    eks = Eks(polls=1_000)

    with pytest.raises(RetryableError, match="takes too long"):
        an_addon(eks).write("new")

    assert eks.polls == 1_000 - 60


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        pytest.param(ClientError({"Error": {"Code": "ResourceInUseException"}}, "UpdateAddon"), BusyError, id="busy"),
        pytest.param(
            ClientError({"Error": {"Code": "AccessDeniedException"}}, "UpdateAddon"), PermanentError, id="denied"
        ),
        pytest.param(ClientError({"Error": {"Code": "ServerException"}}, "UpdateAddon"), RetryableError, id="server"),
        pytest.param(EndpointConnectionError(endpoint_url="https://eks"), RetryableError, id="unreachable"),
    ],
)
def test_a_refusal_says_what_may_be_done_about_it(refusal: Exception, kind: type[McsError]) -> None:
    with pytest.raises(kind, match="EKS cluster prod: update_addon of coredns failed") as failed:
        an_addon(Eks(refusal=refusal)).write("new")

    assert type(failed.value) is kind
