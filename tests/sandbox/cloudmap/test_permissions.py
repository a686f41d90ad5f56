"""What IAM is asked about a call: its ARNs, for callers of the owner's and of another account."""

from typing import Any

import pytest

from sandbox.cloudmap.model import Caller
from sandbox.cloudmap.permissions import PERMISSIONS, Check
from sandbox.cloudmap.requests import REQUESTS
from sandbox.cloudmap.sharing import Share
from tests.sandbox.cloudmap.rules import ME, OTHER, Driven

PREFIX = f"arn:aws:servicediscovery:{ME.region}:{ME.account}"


def test_every_operation_has_its_permissions() -> None:
    assert PERMISSIONS.keys() == REQUESTS.keys()


class Asked(Driven):
    """A namespace of mine that is shared, with one service."""

    def __init__(self) -> None:
        super().__init__()
        self.id = self.namespace()
        self.web = self.service(NamespaceId=self.id)
        self.registry.share(Share("mcs", (f"{PREFIX}:namespace/{self.id}",), (OTHER.account,)))

    def checks(self, operation: str, caller: Caller = ME, **params: Any) -> list[Check]:
        return list(self.registry.checks(operation, params, caller, self.now))

    def resources(self, operation: str, caller: Caller = ME, **params: Any) -> list[str]:
        return [check.resource for check in self.checks(operation, caller, **params)]


PLACE: dict[str, Any] = {"NamespaceName": "mcs.demo", "ServiceName": "web.shop"}


@pytest.mark.parametrize("caller", [ME, OTHER])
def test_names_and_arns_lead_to_the_owners_resources_whoever_calls(caller: Caller) -> None:
    cloudmap = Asked()
    namespace, service = f"{PREFIX}:namespace/{cloudmap.id}", f"{PREFIX}:service/{cloudmap.web}"
    operation = cloudmap.register(cloudmap.web)

    assert cloudmap.resources("GetService", caller, Id=service) == [service]
    assert cloudmap.resources("DiscoverInstances", caller, **PLACE, OwnerAccount=ME.account) == [namespace, service]
    assert cloudmap.resources("GetOperation", caller, OperationId=operation) == [namespace, service]
    assert cloudmap.resources("ListServices", caller) == ["*"]
    assert cloudmap.resources("CreateService", caller, Name="cart.shop", NamespaceId=namespace) == [
        namespace,
        f"{PREFIX}:service/srv-new",
    ]


def test_an_id_is_one_of_the_callers_own() -> None:
    cloudmap = Asked()

    assert cloudmap.resources("GetService", Id=cloudmap.web) == [f"{PREFIX}:service/{cloudmap.web}"]
    assert cloudmap.resources("GetService", OTHER, Id=cloudmap.web) == [
        f"arn:aws:servicediscovery:{OTHER.region}:{OTHER.account}:service/{cloudmap.web}"
    ]


def test_creating_with_tags_needs_the_right_to_tag() -> None:
    cloudmap = Asked()
    tags = [{"Key": "k", "Value": "v"}]
    made = cloudmap.checks("CreateService", Name="cart.shop", NamespaceId=cloudmap.id, Tags=tags)

    assert [check.action.partition(":")[2] for check in made] == ["CreateService", "CreateService", "TagResource"]
    assert made[0].context["servicediscovery:NamespaceArn"] == f"{PREFIX}:namespace/{cloudmap.id}"
    assert "TagResource" not in str(cloudmap.checks("CreateService", Name="cart.shop", NamespaceId=cloudmap.id))


def test_conditions_have_their_values() -> None:
    cloudmap = Asked()
    cloudmap.call("TagResource", ResourceARN=f"{PREFIX}:service/{cloudmap.web}", Tags=[{"Key": "k", "Value": "v"}])
    (check,) = cloudmap.checks("RegisterInstance", ServiceId=cloudmap.web, InstanceId="a", Attributes={"k": "v"})

    assert check.context == {
        "servicediscovery:ServiceArn": f"{PREFIX}:service/{cloudmap.web}",
        "servicediscovery:ServiceCreatedByAccount": ME.account,
        "aws:ResourceTag/k": "v",
    }
    assert cloudmap.checks("DiscoverInstances", **PLACE)[0].context == {
        "servicediscovery:NamespaceName": "mcs.demo",
        "servicediscovery:ServiceName": "web.shop",
    }


def test_a_request_that_is_not_valid_needs_no_permission_to_be_told_so() -> None:
    assert Asked().checks("GetService", Id=7) == []
