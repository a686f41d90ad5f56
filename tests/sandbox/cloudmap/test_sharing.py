"""What accounts see of each other's namespaces: nothing, until the owner shares one with them."""

from typing import Any

import pytest

from sandbox.cloudmap.client import SimulatorAdmin
from sandbox.cloudmap.model import Caller
from sandbox.cloudmap.server import start
from sandbox.cloudmap.settings import SettingsError
from sandbox.cloudmap.sharing import Share, read_share
from tests.sandbox.cloudmap.rules import ME, OTHER, Driven, refused

THIRD = Caller("333333333333", OTHER.region)
ELSEWHERE = Caller(OTHER.account, "eu-west-1")
PLACE: dict[str, Any] = {"NamespaceName": "mcs.demo", "ServiceName": "web.shop"}
OWNED = {**PLACE, "OwnerAccount": ME.account}
REQUEST: dict[str, Any] = {"InstanceId": "a", "Attributes": {"k": "v"}}
ARN = "arn:aws:servicediscovery:us-east-1:111111111111:namespace/ns-0"


class Shared(Driven):
    """A namespace of mine that is shared with the other account, with one service."""

    def __init__(self) -> None:
        super().__init__()
        self.id = self.namespace()
        self.arn = str(self.call("GetNamespace", Id=self.id)["Namespace"]["Arn"])
        self.web = self.service(NamespaceId=self.id)
        self.web_arn = str(self.call("GetService", Id=self.web)["Service"]["Arn"])
        self.registry.share(Share("mcs", (self.arn,), (OTHER.account,)))

    def listed(self, caller: Caller, **more: Any) -> list[str]:
        return [found["Arn"] for found in self.call("ListNamespaces", caller, **more)["Namespaces"]]


def test_a_consumer_registers_with_the_arn_and_names_the_owner_to_follow_and_to_discover() -> None:
    cloudmap = Shared()
    with refused("ServiceNotFound"):
        cloudmap.call("RegisterInstance", OTHER, ServiceId=cloudmap.web, **REQUEST)

    operation = cloudmap.call("RegisterInstance", OTHER, ServiceId=cloudmap.web_arn, **REQUEST)
    cloudmap.wait()

    with refused("OperationNotFound"):
        cloudmap.call("GetOperation", OTHER, **operation)
    found = cloudmap.call("GetOperation", OTHER, **operation, OwnerAccount=ME.account)["Operation"]
    assert found["Status"] == "SUCCESS"
    with refused("NamespaceNotFound"):
        cloudmap.call("DiscoverInstances", OTHER, **PLACE)
    assert len(cloudmap.call("DiscoverInstances", OTHER, **OWNED)["Instances"]) == 1
    answer = cloudmap.call("GetInstance", OTHER, ServiceId=cloudmap.web_arn, InstanceId="a")
    assert (answer["ResourceOwner"], answer["Instance"]["CreatedByAccount"]) == (ME.account, OTHER.account)


@pytest.mark.parametrize("stranger", [THIRD, ELSEWHERE])
def test_another_account_and_another_region_of_the_consumer_see_nothing(stranger: Caller) -> None:
    cloudmap = Shared()
    operation = cloudmap.call("RegisterInstance", ServiceId=cloudmap.web, **REQUEST)
    cloudmap.wait()

    assert cloudmap.listed(stranger) == []
    assert cloudmap.call("ListServices", stranger)["Services"] == []
    for code, call, params in (
        ("NamespaceNotFound", "GetNamespace", {"Id": cloudmap.arn}),
        ("NamespaceNotFound", "CreateService", {"Name": "x", "NamespaceId": cloudmap.arn}),
        ("ServiceNotFound", "GetService", {"Id": cloudmap.web_arn}),
        ("NamespaceNotFound", "DiscoverInstances", OWNED),
        ("NamespaceNotFound", "DiscoverInstancesRevision", OWNED),
        ("OperationNotFound", "GetOperation", {**operation, "OwnerAccount": ME.account}),
        ("ResourceNotFoundException", "ListTagsForResource", {"ResourceARN": cloudmap.arn}),
    ):
        with refused(code):
            cloudmap.call(call, stranger, **params)


def test_namespaces_are_listed_with_whose_they_are() -> None:
    cloudmap = Shared()
    cloudmap.call("CreateHttpNamespace", OTHER, Name="mine")
    cloudmap.wait()

    def of(owner: str) -> list[str]:
        return cloudmap.listed(OTHER, Filters=[{"Name": "RESOURCE_OWNER", "Values": [owner]}])

    assert of("OTHER_ACCOUNTS") == [cloudmap.arn]
    assert set(cloudmap.listed(OTHER)) == {cloudmap.arn, *of("SELF")}
    assert len(of("SELF")) == 1
    assert cloudmap.listed(ME, Filters=[{"Name": "RESOURCE_OWNER", "Values": ["OTHER_ACCOUNTS"]}]) == []


def test_a_consumer_lists_the_services_of_a_shared_namespace_by_its_arn() -> None:
    cloudmap = Shared()

    def listed(caller: Caller, namespace: str) -> list[str]:
        wanted = [{"Name": "NAMESPACE_ID", "Values": [namespace]}]
        return [found["Id"] for found in cloudmap.call("ListServices", caller, Filters=wanted)["Services"]]

    assert listed(OTHER, cloudmap.arn) == listed(ME, cloudmap.arn) == listed(ME, cloudmap.id) == [cloudmap.web]
    assert listed(OTHER, cloudmap.id) == []


def test_a_consumer_creates_and_deletes_services_but_neither_changes_nor_tags_nor_deletes_the_namespace() -> None:
    cloudmap = Shared()
    made = cloudmap.call("CreateService", OTHER, Name="cart.shop", NamespaceId=cloudmap.arn)["Service"]
    cloudmap.call("DeleteService", OTHER, Id=made["Arn"])

    assert (made["ResourceOwner"], made["CreatedByAccount"]) == (ME.account, OTHER.account)
    for call, params in (
        ("DeleteNamespace", {"Id": cloudmap.arn}),
        ("UpdateHttpNamespace", {"Id": cloudmap.arn, "Namespace": {"Description": "x"}}),
        ("TagResource", {"ResourceARN": cloudmap.arn, "Tags": [{"Key": "k", "Value": "v"}]}),
        ("ListTagsForResource", {"ResourceARN": cloudmap.web_arn}),
    ):
        with refused("AccessDeniedException"):
            cloudmap.call(call, OTHER, **params)


def test_a_consumer_loses_everything_when_it_is_shared_no_longer_also_what_it_made() -> None:
    cloudmap = Shared()
    made = cloudmap.call("CreateService", OTHER, Name="cart.shop", NamespaceId=cloudmap.arn)["Service"]["Arn"]

    assert cloudmap.registry.unshare("mcs") is True
    assert cloudmap.registry.unshare("mcs") is False
    assert cloudmap.listed(OTHER) == []
    with refused("ServiceNotFound"):
        cloudmap.call("GetService", OTHER, Id=made)
    assert cloudmap.call("GetService", Id=made)["Service"]["CreatedByAccount"] == OTHER.account


def test_a_share_with_mistakes_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"namespaces\.0: .*accounts\.0: "):
        read_share({"name": "x", "namespaces": ["mcs.demo"], "accounts": ["me"]})
    assert read_share({"name": "x", "namespaces": [ARN], "accounts": []}).namespaces == (ARN,)


def test_shares_are_set_seen_and_forgotten_by_the_admin_paths() -> None:
    with start() as running:
        admin = SimulatorAdmin(running.url)
        admin.share("one", [ARN], [OTHER.account])
        admin.share("two", [ARN], [THIRD.account])
        admin.share("two", [ARN], [])
        before = admin.state()["shares"]
        admin.unshare("one")
        with pytest.raises(SettingsError, match="accounts"):
            admin.share("three", [ARN], ["x"])
        after = admin.state()["shares"]
        admin.reset()

        assert before == {
            "one": {"namespaces": [ARN], "accounts": [OTHER.account]},
            "two": {"namespaces": [ARN], "accounts": []},
        }
        assert set(after) == {"two"}
        assert admin.state()["shares"] == {}
