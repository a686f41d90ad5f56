"""What `ports.RegistryWriter` promises, kept by the adapter on a real client against the simulator over HTTP."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from cloudmap_mcs.cloudmap import client as clients
from cloudmap_mcs.cloudmap import translation
from cloudmap_mcs.cloudmap.identity import Identity
from cloudmap_mcs.cloudmap.rates import RATES
from cloudmap_mcs.cloudmap.reader import CloudMapReader
from cloudmap_mcs.cloudmap.registry import CloudMapRegistry
from cloudmap_mcs.domain.model import ClusterId, Export, Gap, ServiceKey, Slice
from cloudmap_mcs.errors import (
    IdentityError,
    MalformedRecordError,
    OversizeError,
    PermanentError,
    RetryableError,
    StaleError,
    UnreachableError,
)
from cloudmap_mcs.ports import Discovery, Index, Member, RegistryWriter
from sandbox.cloudmap.client import SimulatorAdmin
from sandbox.cloudmap.server import RunningSimulator, start
from sandbox.cloudmap.settings import Settings, to_mapping
from tests.builders import KEY, a_record, a_slice, an_export


class Ahead:
    """The machine's clock, set forward by as much as a test wants to have passed."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return time.time() + self.seconds  # noqa: TID251  operations really take their time here


A, B, C = map(ClusterId, "abc")
DEFAULTS = {**to_mapping(Settings()), "operation_delay": "20ms"}


@pytest.fixture(scope="module")
def clock() -> Ahead:
    return Ahead()


@pytest.fixture(scope="module")
def simulator(clock: Ahead) -> Iterator[RunningSimulator]:
    with start(seed=3, clock=clock) as running:
        yield running


@pytest.fixture(scope="module")
def client(simulator: RunningSimulator) -> Iterator[Any]:
    """The client that production builds, pointed at the simulator by botocore's own variables."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL_SERVICEDISCOVERY", simulator.url)
        environment.setenv("AWS_DISABLE_HOST_PREFIX_INJECTION", "true")
        environment.setenv("AWS_ACCESS_KEY_ID", "123456789012")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        built = clients.build("eu-west-1")
        yield built
        built.close()


@pytest.fixture
def admin(simulator: RunningSimulator) -> SimulatorAdmin:
    found = SimulatorAdmin(simulator.url)
    found.change(**DEFAULTS)
    return found


@pytest.fixture(autouse=True)
def _empty(admin: SimulatorAdmin) -> None:
    admin.reset()


@pytest.fixture
def namespace(client: Any) -> str:
    return a_namespace(client, "mcs.demo")


def a_namespace(client: Any, name: str) -> str:
    operation = client.create_http_namespace(Name=name)["OperationId"]
    until(lambda: client.get_operation(OperationId=operation)["Operation"]["Status"] == "SUCCESS")
    return str(client.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"])


def until(condition: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if condition():
            return
        time.sleep(0.01)
    raise TimeoutError


Connect = Callable[..., CloudMapRegistry]


@pytest.fixture
def connect(client: Any, namespace: str) -> Connect:
    """Connect one cluster's watcher, its identity confirmed unless told otherwise."""

    def connect(cluster: ClusterId = A, owner: str = "", *, confirmed: bool = True) -> CloudMapRegistry:
        identity = Identity(cluster, owner or f"uid-{cluster}")
        registry = CloudMapRegistry(client, namespace=namespace, accepted=(A, B), identity=identity)
        if confirmed:
            registry.put_member(a_member(cluster, identity.owner))
        return registry

    return connect


def a_member(cluster: ClusterId = A, owner: str = "uid-a", *keys: ServiceKey, heartbeat: int = 1_763_900_000) -> Member:
    return Member(cluster, owner, "0.1.0", (1,), heartbeat, frozenset(keys))


def big(count: int, *, name: str = "web-big", start_at: int = 0) -> Slice:
    return a_slice(*(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(start_at, start_at + count)), name=name)


def calls(admin: SimulatorAdmin) -> dict[str, int]:
    operations: dict[str, int] = admin.stats()["operations"]
    return operations


def instances(client: Any, service_id: str) -> dict[str, dict[str, str]]:
    return {one["Id"]: one["Attributes"] for one in client.list_instances(ServiceId=service_id)["Instances"]}


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


def test_parts_that_a_crash_left_behind_go_with_the_next_put(connect: Connect, client: Any) -> None:
    registry = connect()
    put = registry.put(KEY, a_record(an_export(slices=[big(900)]), 1))
    client.deregister_instance(ServiceId=put.service_id, InstanceId="a")

    again = connect().put(KEY, a_record(an_export(), 1))

    assert again.generation == 2
    assert set(instances(client, put.service_id)) == {"a"}


def test_a_failed_head_leaves_the_old_record_and_the_next_put_repairs(connect: Connect, admin: SimulatorAdmin) -> None:
    registry = connect()
    old = registry.put(KEY, a_record(an_export(), 1))
    admin.change(operation_failures=[{"type": "REGISTER_INSTANCE", "count": 1}])

    with pytest.raises(RetryableError, match="INTERNAL_FAILURE"):
        registry.put(KEY, a_record(an_export(slices=[big(900)]), 2))
    assert registry.discover(KEY) == Discovery((old,))

    put = registry.put(KEY, a_record(an_export(slices=[big(900)]), 2))
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


def test_a_service_deleted_by_somebody_is_made_again(connect: Connect, client: Any) -> None:
    registry = connect()
    put = registry.put(KEY, a_record(Gap.UNEXPORTED, 1))
    registry.remove(KEY, put)
    client.delete_service(Id=put.service_id)

    again = registry.put(KEY, a_record(an_export(), 2))

    assert again.service_id != put.service_id
    assert registry.discover(KEY) == Discovery((again,))
    assert registry.read(KEY, A, put.service_id) == again


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
    connect: Connect, client: Any, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_home = connect(A)
    mine = at_home.put(KEY, a_record(an_export("a"), 1))
    arn = client.get_namespace(Id=namespace)["Namespace"]["Arn"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "210987654321")
    abroad = clients.build("eu-west-1")
    guest = CloudMapRegistry(abroad, namespace=arn, accepted=(A, B), identity=Identity(B, "uid-b"))
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


def test_a_reader_sees_the_old_or_the_new_record_or_that_it_is_incomplete(connect: Connect) -> None:
    registry = connect()
    registry.put(KEY, a_record(an_export(slices=[big(300)]), 1))
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(registry.put, KEY, a_record(an_export(slices=[big(900)]), 2))
        seen = [registry.discover(KEY)]
        while not writing.done():
            seen.append(registry.discover(KEY))

    assert all(len(answer.records) == 1 and not answer.set_aside for answer in seen)
    assert {
        len(record.content.slices[0].endpoints)
        for answer in seen
        for record in answer.records
        if isinstance(record.content, Export)
    } <= {300, 900}
