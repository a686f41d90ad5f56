"""Taking a cluster out of the registry, against the simulator with the client that production builds."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloudmap_mcs.cloudmap import client as clients
from cloudmap_mcs.cloudmap.clearing import CloudMapClearer
from cloudmap_mcs.cloudmap.translation import DeniedError
from cloudmap_mcs.domain.model import ServiceKey
from sandbox.cloudmap.client import SimulatorAdmin
from tests.builders import KEY, a_record, an_export
from tests.contract.registry.setting import A, B, C, Connect, a_member, big, calls, instances, until

OTHER = ServiceKey("shop", "other")


@pytest.fixture
def clearer(client: Any, namespace: str) -> CloudMapClearer:
    return CloudMapClearer(client, namespace=namespace, accepted=(A, B))


def heads(client: Any, namespace: str) -> dict[str, list[str]]:
    filters = [{"Name": "NAMESPACE_ID", "Values": [namespace]}]
    found = client.list_services(Filters=filters)["Services"]
    return {one["Name"]: sorted(instances(client, one["Id"])) for one in found}


def test_a_clusters_records_go_with_their_parts_and_those_of_others_stay(
    connect: Connect, clearer: CloudMapClearer, client: Any, namespace: str
) -> None:
    leaving, staying = connect(A), connect(B)
    leaving.put(KEY, a_record(an_export("a", slices=[big(600)]), 1))
    leaving.put(OTHER, a_record(an_export("a", key=OTHER), 1))
    staying.put(KEY, a_record(an_export("b"), 1))
    there = len(heads(client, namespace)["web.shop"]) - 1

    assert clearer.keys() == {KEY, OTHER}
    assert clearer.clear([KEY, OTHER], A) == there + 1

    assert there > 1
    assert heads(client, namespace) == {"members": ["a", "b"], "web.shop": ["b"], "other.shop": []}
    assert clearer.clear([KEY, OTHER], A) == 0


def test_only_services_that_are_empty_go(
    connect: Connect, clearer: CloudMapClearer, client: Any, namespace: str
) -> None:
    connect(A).put(OTHER, a_record(an_export("a", key=OTHER), 1))
    connect(B).put(KEY, a_record(an_export("b"), 1))
    clearer.clear([KEY, OTHER], A)

    assert clearer.empty_services() == {OTHER}
    assert clearer.drop_empty(OTHER)
    assert clearer.drop_empty(OTHER)
    assert not clearer.drop_empty(KEY)

    assert sorted(heads(client, namespace)) == ["members", "web.shop"]


def test_the_entry_is_read_and_goes_with_its_parts(
    connect: Connect, clearer: CloudMapClearer, client: Any, namespace: str
) -> None:
    keys = [ServiceKey("shop", f"a-rather-long-service-name-{n}") for n in range(300)]
    connect(A).put_member(a_member(A, "uid-a", *keys))
    connect(B)
    assert len(heads(client, namespace)["members"]) > 2

    entry = clearer.read_member(A)
    assert entry is not None
    assert (entry.owner, len(entry.keys), entry.complete) == ("uid-a", 300, True)
    assert clearer.read_member(C) is None
    clearer.clear_member(A)

    assert heads(client, namespace) == {"members": ["b"]}


def test_what_bears_no_format_of_ours_stays(connect: Connect, clearer: CloudMapClearer, client: Any) -> None:
    connect(A).put(KEY, a_record(an_export("a"), 1))
    service = next(one for one in client.list_services()["Services"] if one["Name"] == "web.shop")["Id"]
    for name in ("a:1.1", "somebody"):
        operation = client.register_instance(ServiceId=service, InstanceId=name, Attributes={"x": "y"})["OperationId"]
        until(lambda o=operation: client.get_operation(OperationId=o)["Operation"]["Status"] == "SUCCESS")  # type: ignore[misc]

    assert clearer.clear([KEY], A) == 1

    assert sorted(instances(client, service)) == ["a:1.1", "somebody"]


def test_looking_for_an_entry_makes_nothing(
    clearer: CloudMapClearer, client: Any, namespace: str, admin: SimulatorAdmin
) -> None:
    assert clearer.read_member(A) is None
    assert clearer.keys() == frozenset()
    clearer.clear_member(A)

    assert heads(client, namespace) == {}
    assert "CreateService" not in calls(admin)


def test_services_that_somebody_deletes_meanwhile_are_gone_already(
    connect: Connect, clearer: CloudMapClearer, client: Any
) -> None:
    other = connect(B)
    other.put(KEY, a_record(an_export("b"), 1))
    assert clearer.read_member(A) is None
    assert clearer.keys() == {KEY}
    CloudMapClearer(client, namespace=clearer._services._reference, accepted=(A, B)).clear([KEY], B)
    assert other.drop_empty(KEY)

    assert clearer.clear([KEY], A) == 0
    assert clearer.drop_empty(KEY)


def test_what_went_between_the_look_and_the_call_is_gone_already(
    connect: Connect, clearer: CloudMapClearer, client: Any, namespace: str
) -> None:
    connect(A).put(KEY, a_record(an_export("a"), 1))
    service = next(one for one in client.list_services()["Services"] if one["Name"] == "web.shop")["Id"]

    clearer._operations.deregister_across([(service, "nobody"), ("srv-abcdefghijklmnop", "a"), (service, "a")])

    assert heads(client, namespace)["web.shop"] == []


def test_a_namespace_is_there_until_it_is_deleted(clearer: CloudMapClearer, client: Any, namespace: str) -> None:
    assert clearer.exists()
    client.delete_namespace(Id=namespace)
    fresh = CloudMapClearer(client, namespace=namespace, accepted=(A, B))
    until(lambda: not CloudMapClearer(client, namespace=namespace, accepted=(A, B)).exists())

    assert not fresh.exists()


def test_a_namespace_that_is_not_shared_with_this_account_any_more_counts_as_gone(
    connect: Connect, client: Any, admin: SimulatorAdmin, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(A).put(KEY, a_record(an_export("a"), 1))
    arn = client.get_namespace(Id=namespace)["Namespace"]["Arn"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "210987654321")
    abroad = clients.build("eu-west-1")
    assert not CloudMapClearer(abroad, namespace=arn, accepted=(A, B)).exists()

    admin.share("mcs", [arn], ["210987654321"])
    guest = CloudMapClearer(abroad, namespace=arn, accepted=(A, B))
    assert guest.exists()
    assert guest.read_member(A) is not None
    assert guest.clear(guest.keys(), A) == 1
    guest.clear_member(A)

    assert heads(client, namespace) == {"members": [], "web.shop": []}
    abroad.close()


def test_an_own_namespace_that_may_not_be_looked_at_is_a_failure() -> None:
    class Denying:
        def get_namespace(self, **_: str) -> None:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetNamespace")

    with pytest.raises(DeniedError, match="GetNamespace of ns-1"):
        CloudMapClearer(Denying(), namespace="ns-1", accepted=(A, B)).exists()
    arn = "arn:aws:servicediscovery:eu-west-1:123456789012:namespace/ns-1"
    assert not CloudMapClearer(Denying(), namespace=arn, accepted=(A, B)).exists()
