"""Who may write: `members`, the identity guard, ids and namespaces; against the simulator."""

from dataclasses import replace
from typing import Any

import pytest

from cloudmap_mcs.cloudmap import client as clients
from cloudmap_mcs.cloudmap.identity import Identity
from cloudmap_mcs.cloudmap.reader import CloudMapReader
from cloudmap_mcs.cloudmap.registry import CloudMapRegistry
from cloudmap_mcs.domain.model import Gap, ServiceKey
from cloudmap_mcs.errors import (
    IdentityError,
    UnreachableError,
)
from cloudmap_mcs.ports import Discovery, Index
from sandbox.cloudmap.client import SimulatorAdmin
from tests.builders import KEY, a_record, an_export
from tests.contract.registry.setting import A, B, C, Connect, a_member, a_namespace, calls, instances, until


def test_service_ids_and_arns_give_their_key(connect: Connect, client: Any, admin: SimulatorAdmin) -> None:
    registry = connect()
    put = registry.put(KEY, a_record(an_export(), 1))
    arn = client.get_service(Id=put.service_id)["Service"]["Arn"]
    other = a_namespace(client, "other")
    foreign = client.create_service(Name="web.shop", NamespaceId=other)["Service"]["Id"]

    assert registry.key_of(put.service_id) == KEY
    assert registry.key_of(foreign) is None
    assert registry.key_of("srv-0000000000000000") is None
    admin.reset_stats()
    assert registry.key_of(arn) == KEY
    assert registry.key_of(foreign) is None
    assert calls(admin) == {}


def test_the_namespace_is_found_by_its_http_name_which_can_differ(
    client: Any, namespace: str, admin: SimulatorAdmin
) -> None:
    client.delete_namespace(Id=namespace)
    until(lambda: not client.list_namespaces()["Namespaces"])
    again = a_namespace(client, "mcs.demo")
    properties = client.get_namespace(Id=again)["Namespace"]["Properties"]["HttpProperties"]
    reader = CloudMapReader(client, namespace=again, accepted=(A,))
    admin.reset_stats()

    assert properties["HttpName"] != "mcs.demo"
    assert [reader.discover(KEY), reader.discover(KEY)] == [Discovery(())] * 2
    assert calls(admin) == {"DiscoverInstances": 2, "GetNamespace": 1}


def test_a_namespace_of_another_account_is_used_by_arn(
    connect: Connect, client: Any, admin: SimulatorAdmin, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_home = connect(A)
    mine = at_home.put(KEY, a_record(an_export("a"), 1))
    arn = client.get_namespace(Id=namespace)["Namespace"]["Arn"]
    admin.share("mcs", [arn], ["210987654321"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "210987654321")
    abroad = clients.build("eu-west-1")
    guest = CloudMapRegistry(
        abroad, namespace=arn, accepted=(A, B), identity=Identity(B, "uid-b"), may_write=lambda: True
    )
    guest.put_member(a_member(B, "uid-b"))

    theirs = guest.put(KEY, a_record(an_export("b"), 1))

    assert at_home.discover(KEY) == guest.discover(KEY) == Discovery((mine, theirs))
    assert guest.read(KEY, A, mine.service_id) == mine
    assert guest.key_of(mine.service_id) == KEY
    assert guest.empty_services() == frozenset()
    guest.remove(KEY, theirs)
    assert at_home.discover(KEY) == Discovery((mine,))
    abroad.close()


def test_the_index_lists_every_member_with_its_keys(connect: Connect) -> None:
    registry, other = connect(A), connect(B)
    keys = [ServiceKey("shop", f"a-rather-long-service-name-{n}") for n in range(300)]
    mine, theirs = a_member(A, "uid-a", *keys), a_member(B, "uid-b", KEY)

    registry.put_member(mine)
    other.put_member(theirs)

    assert registry.index() == Index((mine, theirs))
    assert registry.read_member(A) == mine
    assert registry.read_member(C) is None


def test_a_heartbeat_writes_one_instance(connect: Connect, admin: SimulatorAdmin) -> None:
    registry = connect()
    keys = [ServiceKey("shop", f"a-rather-long-service-name-{n}") for n in range(300)]
    registry.put_member(a_member(A, "uid-a", *keys))
    admin.reset_stats()

    registry.put_member(a_member(A, "uid-a", *keys, heartbeat=1_763_900_300))

    looks = calls(admin)["GetOperation"]
    assert calls(admin) == {"GetInstance": 2, "GetOperation": looks, "RegisterInstance": 1}


def test_nothing_is_written_before_the_identity_is_confirmed(connect: Connect, admin: SimulatorAdmin) -> None:
    registry = connect(confirmed=False)
    admin.reset_stats()

    for write in (lambda: registry.put(KEY, a_record(an_export())), lambda: registry.drop_empty(KEY)):
        with pytest.raises(IdentityError, match="not confirmed yet"):
            write()
    with pytest.raises(IdentityError, match="not confirmed yet"):
        registry.remove(KEY, a_record(Gap.UNEXPORTED))

    assert calls(admin) == {}
    assert registry.confirm() is False


def test_a_restarted_watcher_is_confirmed_by_its_entry(connect: Connect) -> None:
    connect()

    restarted = connect(confirmed=False)

    assert restarted.confirm() is True
    assert restarted.put(KEY, a_record(an_export(), 1)).generation == 1


def test_a_clone_stops_and_the_original_goes_on(connect: Connect) -> None:
    original = connect(A, "uid-a")
    clone = connect(A, "uid-clone", confirmed=False)

    with pytest.raises(IdentityError, match="belongs to the cluster with kube-system UID uid-a"):
        clone.confirm()
    with pytest.raises(IdentityError, match="take over explicitly"):
        clone.put_member(a_member(A, "uid-clone"))
    with pytest.raises(IdentityError):
        clone.put(KEY, replace(a_record(an_export()), owner="uid-clone"))

    assert original.confirm() is True
    assert original.put(KEY, a_record(an_export(), 1)).generation == 1


def test_a_take_over_is_explicit_and_stops_the_other(connect: Connect) -> None:
    original = connect(A, "uid-a")
    heir = connect(A, "uid-heir", confirmed=False)

    heir.put_member(a_member(A, "uid-heir"), take_over=True)

    assert heir.put(KEY, replace(a_record(an_export(), 1), owner="uid-heir")).owner == "uid-heir"
    with pytest.raises(IdentityError, match="uid-heir"):
        original.put_member(a_member(A, "uid-a"))
    with pytest.raises(IdentityError, match="uid-heir"):
        original.put(KEY, a_record(an_export(), 2))


def test_an_entry_that_does_not_parse_is_not_ours(connect: Connect, client: Any) -> None:
    registry = connect()
    service = next(one["Id"] for one in client.list_services()["Services"] if one["Name"] == "members")
    client.register_instance(ServiceId=service, InstanceId="a", Attributes={"format": "x"})
    until(lambda: "kind" not in instances(client, service)["a"])

    with pytest.raises(IdentityError, match="format 'x'"):
        registry.confirm()
    with pytest.raises(IdentityError):
        registry.put(KEY, a_record(an_export()))


def test_an_unreachable_registry_does_not_lose_the_identity(connect: Connect, admin: SimulatorAdmin) -> None:
    registry = connect()
    admin.change(faults=[{"operation": "GetInstance", "drop": "before"}])
    with pytest.raises(UnreachableError):
        registry.confirm()

    admin.change(faults=[])

    assert registry.put(KEY, a_record(an_export(), 1)).generation == 1
