"""What `ports.RegistryWriter` promises about records, kept by the adapter on a real client against the simulator."""

from dataclasses import replace
from typing import Any

import pytest

from cloudmap_mcs.domain.model import Gap, ServiceKey
from cloudmap_mcs.errors import (
    IdentityError,
    OversizeError,
    StaleError,
)
from cloudmap_mcs.ports import Discovery, RegistryWriter
from sandbox.cloudmap.client import SimulatorAdmin
from tests.builders import KEY, a_record, a_slice, an_export
from tests.contract.registry.setting import A, B, Connect, big, calls, instances


def test_the_adapter_is_what_the_port_asks_for(connect: Connect) -> None:
    registry: RegistryWriter = connect()

    assert registry.index().complete


def test_a_record_is_read_as_it_was_put_by_both_planes(connect: Connect) -> None:
    registry = connect()

    put = registry.put(KEY, a_record(an_export(slices=[a_slice("10.0.0.1")]), 7))

    assert (put.generation, put.owner, put.service_id[:4]) == (7, "uid-a", "srv-")
    assert registry.discover(KEY) == Discovery((put,))
    assert registry.read(KEY, A, put.service_id) == put
    assert registry.read(KEY, A, None) == put


def test_a_service_that_does_not_exist_has_no_records(connect: Connect) -> None:
    registry = connect()

    assert registry.discover(KEY) == Discovery(())
    assert registry.read(KEY, A, None) is None
    assert registry.read(KEY, A, "srv-0000000000000000") is None
    assert registry.read(KEY, A, "not an id!") is None


def test_the_service_id_of_another_key_does_not_make_a_record_absent(connect: Connect) -> None:
    registry, other = connect(A), connect(B)
    cart = ServiceKey("shop", "cart")
    elsewhere = other.put(cart, a_record(an_export("b", key=cart), 1))
    put = registry.put(KEY, a_record(an_export(), 1))

    assert other.read(KEY, A, elsewhere.service_id) == put


def test_what_is_not_in_the_registry_is_removed_already(connect: Connect, client: Any) -> None:
    registry = connect()
    registry.remove(KEY, replace(a_record(Gap.UNEXPORTED), service_id=""))
    put = registry.put(KEY, a_record(Gap.UNEXPORTED))
    registry.remove(KEY, put)
    client.delete_service(Id=put.service_id)

    connect().remove(KEY, put)

    assert registry.discover(KEY) == Discovery(())


def test_clusters_share_a_service_and_write_only_their_own_record(connect: Connect) -> None:
    one, other = connect(A), connect(B)
    mine = one.put(KEY, a_record(an_export("a"), 1))

    theirs = other.put(KEY, a_record(an_export("b"), 1))

    assert theirs.service_id == mine.service_id
    assert one.discover(KEY) == Discovery((mine, theirs))
    with pytest.raises(IdentityError, match="cluster a may not write for b"):
        one.put(KEY, theirs)
    with pytest.raises(IdentityError, match="cluster a may not write for b"):
        one.remove(KEY, theirs)


def test_a_change_is_one_register_and_at_most_six_looks(connect: Connect, admin: SimulatorAdmin) -> None:
    registry = connect()
    admin.change(operation_delay="100ms")
    for generation in range(1, 7):
        registry.put(KEY, a_record(an_export(), generation))
    admin.reset_stats()

    registry.put(KEY, a_record(an_export(slices=[a_slice("10.0.0.1")]), 7))

    looks = calls(admin).pop("GetOperation")
    assert calls(admin) == {"GetOperation": looks, "RegisterInstance": 1}
    assert 1 <= looks <= 6


def test_a_put_returns_when_the_operation_has_succeeded(connect: Connect, admin: SimulatorAdmin) -> None:
    registry = connect()
    admin.change(operation_delay="150ms")

    registry.put(KEY, a_record(an_export(slices=[a_slice("10.0.0.1")]), 2))

    assert [record.generation for record in registry.discover(KEY).records] == [2]


def test_a_generation_that_the_registry_has_is_never_used_again(connect: Connect) -> None:
    connect().put(KEY, a_record(an_export(), 9))

    restarted = connect()
    put = restarted.put(KEY, a_record(Gap.UNEXPORTED, 3))

    assert put.generation == 10
    assert restarted.read(KEY, A, put.service_id) == put


def test_large_exports_go_into_parts_and_back_and_leave_none_behind(connect: Connect, client: Any) -> None:
    registry = connect()
    first = registry.put(KEY, a_record(an_export(slices=[big(900)]), 1))
    assert {"a", "a:1.1", "a:1.2"} <= set(instances(client, first.service_id))
    assert registry.discover(KEY) == Discovery((first,))
    assert registry.read(KEY, A, first.service_id) == first

    second = registry.put(KEY, a_record(an_export(slices=[a_slice("10.0.0.1")]), 2))

    assert set(instances(client, second.service_id)) == {"a"}
    assert registry.discover(KEY) == Discovery((second,))


def test_unchanged_parts_are_not_written_again(connect: Connect, admin: SimulatorAdmin) -> None:
    registry = connect()
    slices = [big(100, name=f"web-{n}", start_at=100 * n) for n in range(9)]
    registry.put(KEY, a_record(an_export(slices=slices), 1))
    admin.reset_stats()

    put = registry.put(KEY, a_record(an_export(slices=[*slices[:-1], big(99, name="web-8", start_at=800)]), 2))

    assert (calls(admin)["RegisterInstance"], calls(admin)["DeregisterInstance"]) == (2, 1)
    assert registry.discover(KEY) == Discovery((put,))


def test_an_export_that_cannot_fit_leaves_nothing_behind(connect: Connect, admin: SimulatorAdmin) -> None:
    registry = connect()
    admin.reset_stats()

    with pytest.raises(OversizeError, match="4,850"):
        registry.put(KEY, a_record(an_export(annotations=(("a", "x" * 5_000),))))

    assert calls(admin) == {}


def test_removing_deregisters_the_record_and_its_parts_and_is_repeatable(connect: Connect, client: Any) -> None:
    registry = connect()
    put = registry.put(KEY, a_record(an_export(slices=[big(900)]), 1))

    registry.remove(KEY, put)
    registry.remove(KEY, put)

    assert instances(client, put.service_id) == {}
    assert registry.read(KEY, A, put.service_id) is None


def test_a_record_newer_than_the_one_to_remove_stays(connect: Connect) -> None:
    registry = connect()
    old = registry.put(KEY, a_record(Gap.UNEXPORTED, 1))
    new = registry.put(KEY, a_record(an_export(), 2))

    with pytest.raises(StaleError, match="newer"):
        registry.remove(KEY, old)

    assert registry.discover(KEY) == Discovery((new,))


def test_only_empty_services_are_dropped(connect: Connect) -> None:
    registry, other = connect(), connect(B)
    full = registry.put(KEY, a_record(an_export(), 1))
    cart = ServiceKey("shop", "cart")
    gone = registry.put(cart, a_record(Gap.UNEXPORTED, 1))
    assert registry.empty_services() == frozenset()
    registry.remove(cart, gone)

    assert other.empty_services() == {cart}
    assert other.drop_empty(cart)
    assert other.drop_empty(cart)
    assert not registry.drop_empty(KEY)

    assert registry.empty_services() == frozenset()
    assert registry.discover(KEY) == Discovery((full,))
