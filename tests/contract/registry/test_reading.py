"""What the control plane's word is worth: whose counts, and where it is asked for."""

from typing import Any

import pytest

from cloudmap_mcs.cloudmap.reader import CloudMapReader
from cloudmap_mcs.domain.model import Gap, ServiceKey
from cloudmap_mcs.errors import RetryableError
from cloudmap_mcs.ports import Discovery
from sandbox.cloudmap.client import SimulatorAdmin
from tests.builders import KEY, a_record, an_export
from tests.contract.registry.setting import A, Ahead, B, Connect, big, calls, instances, until


def test_the_word_of_a_cluster_that_is_not_accepted_does_not_count(
    connect: Connect, client: Any, namespace: str, admin: SimulatorAdmin
) -> None:
    put = connect(B).put(KEY, a_record(an_export("b"), 1))
    reader = CloudMapReader(client, namespace=namespace, accepted=(A,))
    admin.reset_stats()

    assert reader.read(KEY, B, put.service_id) is None
    assert reader.read(KEY, B, None) is None
    assert calls(admin) == {}


def test_a_watcher_finds_its_record_after_a_restart_though_the_data_plane_lags(
    connect: Connect, admin: SimulatorAdmin, clock: Ahead
) -> None:
    before = connect()
    clock.seconds += 100
    admin.change(lag="60s")
    put = before.put(KEY, a_record(an_export(), 1))

    restarted = connect(confirmed=False)

    assert restarted.discover(KEY) == Discovery(())
    assert restarted.read(KEY, A, None) == put


def test_services_are_listed_once_for_all_keys_without_a_record(connect: Connect, admin: SimulatorAdmin) -> None:
    registry = connect()
    admin.reset_stats()

    assert [registry.read(ServiceKey("shop", f"web-{n}"), A, None) for n in range(5)] == [None] * 5

    assert calls(admin) == {"DiscoverInstances": 5, "ListServices": 1, "GetNamespace": 1}


def test_where_services_were_listed_the_control_plane_is_asked_at_once(connect: Connect, admin: SimulatorAdmin) -> None:
    put = connect().put(KEY, a_record(an_export(), 1))
    restarted = connect(confirmed=False)
    assert restarted.keys() == {KEY}
    admin.reset_stats()

    assert restarted.read(KEY, A, None) == put
    assert calls(admin) == {"GetInstance": 1}


def test_services_that_cannot_be_listed_are_not_absent(connect: Connect, admin: SimulatorAdmin) -> None:
    registry = connect()
    admin.change(faults=[{"operation": "ListServices", "error": "InternalFailure"}])
    with pytest.raises(RetryableError):
        registry.read(KEY, A, None)

    admin.change(faults=[])
    assert registry.read(KEY, A, None) is None


def test_an_audit_that_finds_what_was_written_costs_the_next_change_nothing(
    connect: Connect, admin: SimulatorAdmin
) -> None:
    registry = connect()
    put = registry.put(KEY, a_record(an_export(slices=[big(600)]), 1))
    assert registry.read(KEY, A, put.service_id) == put
    admin.reset_stats()

    registry.put(KEY, a_record(an_export(slices=[big(601)]), 2))

    assert "ListInstances" not in calls(admin)
    assert registry.read(KEY, A, put.service_id)


def test_a_service_that_went_after_it_was_read_has_no_record_any_more(
    connect: Connect, client: Any, namespace: str
) -> None:
    registry = connect()
    put = registry.put(KEY, a_record(Gap.UNEXPORTED, 1))
    reader = CloudMapReader(client, namespace=namespace, accepted=(A,))
    assert reader.read(KEY, A, put.service_id) == put
    registry.remove(KEY, put)
    client.delete_service(Id=put.service_id)

    assert reader.read(KEY, A, put.service_id) is None
    assert registry.read(KEY, A, None) is None
    assert registry.put(KEY, a_record(an_export(), 2)).service_id != put.service_id


@pytest.mark.parametrize("damaged", ["a", "a:1.1"])
def test_after_an_audit_that_finds_something_else_the_next_change_looks_at_all(
    connect: Connect, client: Any, admin: SimulatorAdmin, damaged: str
) -> None:
    registry = connect()
    put = registry.put(KEY, a_record(an_export(slices=[big(600)]), 1))
    client.deregister_instance(ServiceId=put.service_id, InstanceId=damaged)
    until(lambda: damaged not in instances(client, put.service_id))
    seen = registry.read(KEY, A, put.service_id)
    assert seen is None or seen.content is Gap.INCOMPLETE
    admin.reset_stats()

    again = registry.put(KEY, a_record(an_export(slices=[big(600)]), 2))

    assert calls(admin)["ListInstances"] == 1
    assert registry.discover(KEY) == Discovery((again,))


def test_after_somebody_else_wrote_the_record_the_next_change_is_newer(connect: Connect) -> None:
    registry, other = connect(), connect()
    put = registry.put(KEY, a_record(an_export(), 1))
    other.put(KEY, a_record(an_export(annotations=(("a", "b"),)), 7))
    assert registry.read(KEY, A, put.service_id) != put

    assert registry.put(KEY, a_record(an_export(), 2)).generation == 8
