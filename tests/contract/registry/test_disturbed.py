"""What the adapter keeps of its promises when Cloud Map, other writers or the network get in the way."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from cloudmap_mcs.cloudmap import translation
from cloudmap_mcs.cloudmap.rates import RATES
from cloudmap_mcs.domain.model import Export, Gap, ServiceKey
from cloudmap_mcs.errors import (
    MalformedRecordError,
    PermanentError,
    RetryableError,
    UnreachableError,
)
from cloudmap_mcs.ports import Discovery
from sandbox.cloudmap.client import SimulatorAdmin
from tests.builders import KEY, a_record, an_export
from tests.contract.registry.setting import A, Ahead, B, Connect, a_namespace, big, instances, until


def test_parts_that_a_crash_left_behind_go_with_the_next_put(connect: Connect, client: Any) -> None:
    registry = connect()
    put = registry.put(KEY, a_record(an_export(slices=[big(900)]), 1))
    client.deregister_instance(ServiceId=put.service_id, InstanceId="a")

    again = connect().put(KEY, a_record(an_export(), 1))

    assert again.generation == 2
    assert set(instances(client, put.service_id)) == {"a"}


def test_a_failed_put_leaves_the_old_record_and_the_next_one_repairs(
    connect: Connect, client: Any, admin: SimulatorAdmin
) -> None:
    registry = connect()
    old = registry.put(KEY, a_record(an_export(), 1))
    admin.change(operation_failures=[{"type": "REGISTER_INSTANCE", "count": 1}])

    with pytest.raises(RetryableError, match="INTERNAL_FAILURE"):
        registry.put(KEY, a_record(an_export(slices=[big(900)]), 2))
    assert registry.discover(KEY) == Discovery((old,))

    put = registry.put(KEY, a_record(an_export(slices=[big(600, start_at=5)]), 2))
    assert put.generation == 3
    assert registry.discover(KEY) == Discovery((put,))
    assert all(name == "a" or name.startswith("a:3.") for name in instances(client, put.service_id))


def test_a_service_deleted_by_somebody_is_made_again(connect: Connect, client: Any) -> None:
    registry = connect()
    put = registry.put(KEY, a_record(Gap.UNEXPORTED, 1))
    registry.remove(KEY, put)
    client.delete_service(Id=put.service_id)

    again = registry.put(KEY, a_record(an_export(), 2))

    assert again.service_id != put.service_id
    assert registry.discover(KEY) == Discovery((again,))
    assert registry.read(KEY, A, put.service_id) == again


def test_a_running_operation_on_the_same_instance_is_waited_for(
    connect: Connect, client: Any, admin: SimulatorAdmin
) -> None:
    registry = connect()
    put = registry.put(KEY, a_record(an_export(), 1))
    admin.change(operation_delay="200ms")
    client.register_instance(ServiceId=put.service_id, InstanceId="a", Attributes={"format": "9"})

    put = registry.put(KEY, a_record(an_export(), 2))

    assert registry.discover(KEY) == Discovery((put,))


def test_a_running_deregistration_of_the_same_instance_is_waited_for(
    connect: Connect, client: Any, admin: SimulatorAdmin
) -> None:
    registry = connect()
    put = registry.put(KEY, a_record(an_export(), 1))
    admin.change(operation_delay="200ms")
    client.deregister_instance(ServiceId=put.service_id, InstanceId="a")

    put = registry.put(KEY, a_record(an_export(), 2))

    assert registry.discover(KEY) == Discovery((put,))


def test_threads_write_one_key_one_after_the_other_and_many_keys_at_once(
    connect: Connect, admin: SimulatorAdmin
) -> None:
    registry = connect()
    keys = [ServiceKey("shop", f"web-{n}") for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        same = list(pool.map(lambda n: registry.put(KEY, a_record(an_export(), n)), range(8)))
        many = list(pool.map(lambda key: registry.put(key, a_record(an_export(key=key), 1)), keys))

    assert len({record.generation for record in same}) == 8
    assert [registry.discover(key).records for key in keys] == [(record,) for record in many]
    assert admin.stats()["accessKeys"]["123456789012"]["RegisterInstance"].keys() == {"Success"}


def test_throttling_is_survived_and_slows_down(connect: Connect, admin: SimulatorAdmin) -> None:
    registry = connect()
    admin.change(faults=[{"operation": "*", "error": "ThrottlingException", "count": 2}])

    put = registry.put(KEY, a_record(an_export(), 1))

    assert registry.discover(KEY) == Discovery((put,))
    assert admin.stats()["accessKeys"]["123456789012"]["CreateService"]["ThrottlingException"] == 2
    assert registry._calls._buckets.rate("CreateService") < RATES["CreateService"][0] / 2 * 0.6


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"error": "ThrottlingException"}, translation.ThrottledError),
        ({"error": "AccessDeniedException"}, PermanentError),
        ({"error": "InternalFailure"}, RetryableError),
        ({"drop": "before"}, UnreachableError),
    ],
)
def test_outages_are_told_apart(
    connect: Connect, admin: SimulatorAdmin, fault: dict[str, str], kind: type[Exception]
) -> None:
    registry = connect()
    registry.put(KEY, a_record(an_export(), 1))
    admin.change(faults=[{"operation": "*", **fault}])

    with pytest.raises(kind):
        registry.discover(KEY)
    with pytest.raises(kind):
        registry.put(KEY, a_record(an_export(), 2))


def test_an_answer_that_got_lost_is_asked_for_again(connect: Connect, admin: SimulatorAdmin) -> None:
    registry = connect()
    admin.change(faults=[{"operation": "RegisterInstance", "drop": "after", "count": 1}])

    put = registry.put(KEY, a_record(an_export(), 1))

    assert registry.discover(KEY) == Discovery((put,))


def test_foreign_and_malformed_instances_are_set_aside_and_never_deleted(connect: Connect, client: Any) -> None:
    registry = connect()
    put = registry.put(KEY, a_record(an_export(), 1))
    for name, attributes in {"tcp-1": {"AWS_INSTANCE_IPV4": "10.0.0.1"}, "b": {"format": "1"}}.items():
        client.register_instance(ServiceId=put.service_id, InstanceId=name, Attributes=attributes)
    registry.put(KEY, a_record(an_export(), 2))

    answer = registry.discover(KEY)

    assert [record.cluster for record in answer.records] == [A]
    assert [item.instance for item in answer.set_aside] == ["b", "tcp-1"]
    with pytest.raises(MalformedRecordError):
        registry.read(KEY, B, put.service_id)


@pytest.mark.parametrize("damage", [{"format": "1"}, {"any": "thing"}])
def test_this_clusters_own_record_that_somebody_damaged_reads_as_incomplete_and_is_written_anew(
    connect: Connect, client: Any, damage: dict[str, str]
) -> None:
    registry = connect()
    put = registry.put(KEY, a_record(an_export(slices=[big(900)]), 1))
    client.register_instance(ServiceId=put.service_id, InstanceId="a", Attributes=damage)
    client.register_instance(ServiceId=put.service_id, InstanceId="a:1.1", Attributes=damage)
    until(lambda: all("kind" not in instances(client, put.service_id)[name] for name in ("a", "a:1.1")))

    seen = registry.read(KEY, A, put.service_id)
    again = registry.put(KEY, replace(put, generation=2))

    assert seen
    assert seen.content is Gap.INCOMPLETE
    assert registry.discover(KEY) == Discovery((again,))


def test_reads_go_back_in_time_where_the_data_plane_lags_but_the_control_plane_does_not(
    connect: Connect, admin: SimulatorAdmin, clock: Ahead
) -> None:
    registry = connect()
    old = registry.put(KEY, a_record(an_export(), 1))
    clock.seconds += 100
    admin.change(lag="60s")

    new = registry.put(KEY, a_record(an_export(), 2))

    assert registry.discover(KEY) == Discovery((old,))
    assert registry.read(KEY, A, old.service_id) == new
    assert registry.read(KEY, A, None) == new


def test_more_than_a_page_of_services_and_instances_is_read(connect: Connect, client: Any, namespace: str) -> None:
    registry = connect()
    other = a_namespace(client, "other")
    for n in range(105):
        client.create_service(Name=f"web-{n}.other", NamespaceId=other)
    client.create_service(Name="zebra.shop", NamespaceId=namespace)
    put = registry.put(KEY, a_record(an_export(), 1))
    for n in range(105):
        client.register_instance(ServiceId=put.service_id, InstanceId=f"a:1.{n + 1}", Attributes={"format": "1"})

    assert registry.empty_services() == {ServiceKey("shop", "zebra")}
    again = connect().put(KEY, a_record(an_export(), 2))

    assert set(instances(client, again.service_id)) == {"a"}


def test_a_reader_sees_the_old_or_the_new_record_and_nothing_between(connect: Connect) -> None:
    registry = connect()
    registry.put(KEY, a_record(an_export(slices=[big(300)]), 1))
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(registry.put, KEY, a_record(an_export(slices=[big(900)]), 2))
        seen = [registry.discover(KEY)]
        while not writing.done():
            seen.append(registry.discover(KEY))

    found = [record.content for answer in seen for record in answer.records]
    assert len(found) == len(seen)
    assert {len(content.slices[0].endpoints) for content in found if isinstance(content, Export)} <= {300, 900}
    assert Gap.INCOMPLETE not in found
