"""Rules that only the simulator has settings for, and DNS namespaces, straight at the registry."""

from itertools import pairwise

import pytest

from tests.sandbox.cloudmap.rules import Driven, refused


@pytest.mark.parametrize(("rule", "moves"), [("changed", [1, 0]), ("always", [1, 1]), ("never", [0, 0])])
def test_setting_says_whether_registering_anew_moves_the_revision(rule: str, moves: list[int]) -> None:
    cloudmap = Driven(reregistration_revision=rule)
    service = cloudmap.service()
    cloudmap.register(service, k="1")
    cloudmap.wait()
    seen = [cloudmap.revision()]

    for value in ("2", "2"):
        cloudmap.register(service, k=value)
        cloudmap.wait()
        seen.append(cloudmap.revision())

    assert [after - before for before, after in pairwise(seen)] == moves


def test_failed_operation_says_why_and_changes_nothing() -> None:
    failure = {"type": "REGISTER_INSTANCE", "error": "THROTTLED_REQUEST", "count": 1}
    cloudmap = Driven(operation_failures=[failure], quotas={"instances_per_service": 1})
    service = cloudmap.service()
    failed = cloudmap.register(service, "a", k="v")
    cloudmap.wait()

    operation = cloudmap.call("GetOperation", OperationId=failed)["Operation"]
    assert (operation["Status"], operation["ErrorCode"]) == ("FAIL", "THROTTLED_REQUEST")
    assert cloudmap.found() == set()
    cloudmap.register(service, "b", k="v")
    cloudmap.wait()
    assert cloudmap.found() == {"b"}


def test_failed_update_keeps_the_instance_and_its_place_in_the_quota() -> None:
    cloudmap = Driven(quotas={"instances_per_service": 1})
    service = cloudmap.service()
    cloudmap.register(service, "a", k="1")
    cloudmap.wait()
    cloudmap.configure(operation_failures=[{"count": 1}])
    cloudmap.register(service, "a", k="2")
    cloudmap.wait()

    attributes = cloudmap.call("GetInstance", ServiceId=service, InstanceId="a")["Instance"]["Attributes"]
    assert attributes == {"k": "1"}
    with refused("ResourceLimitExceeded"):
        cloudmap.register(service, "b", k="v")
    cloudmap.register(service, "a", k="3")


def test_registrations_in_flight_count_towards_the_quotas() -> None:
    cloudmap = Driven(quotas={"instances_per_namespace": 2, "namespaces": 1})
    namespace = cloudmap.namespace()
    one, two = (cloudmap.service(name, NamespaceId=namespace) for name in ("one", "two"))
    cloudmap.register(one, k="v")
    cloudmap.register(two, k="v")

    with refused("ResourceLimitExceeded"):
        cloudmap.register(two, "b", k="v")
    with refused("ResourceLimitExceeded"):
        cloudmap.call("CreateHttpNamespace", Name="second")


def test_service_with_a_registration_in_flight_cannot_be_deleted() -> None:
    cloudmap = Driven()
    service = cloudmap.service()
    cloudmap.register(service, k="v")

    with refused("ResourceInUse"):
        cloudmap.call("DeleteService", Id=service)


def test_nothing_is_created_in_a_namespace_that_is_being_deleted() -> None:
    cloudmap = Driven()
    namespace = cloudmap.namespace()
    cloudmap.call("DeleteNamespace", Id=namespace)

    with refused("NamespaceNotFound"):
        cloudmap.service(NamespaceId=namespace)
    with refused("DuplicateRequest"):
        cloudmap.call("DeleteNamespace", Id=namespace)


def test_setting_says_how_opposite_operations_collide() -> None:
    cloudmap = Driven(opposite_operation_error="DuplicateRequest")
    service = cloudmap.service()
    cloudmap.register(service, k="v")

    with refused("DuplicateRequest"):
        cloudmap.call("DeregisterInstance", ServiceId=service, InstanceId="a")


def test_lagging_data_plane_shows_how_it_was() -> None:
    cloudmap = Driven(lag="5s", operation_delay=0)
    service = cloudmap.service()
    with refused("NamespaceNotFound"):
        cloudmap.found()
    cloudmap.wait(10)
    cloudmap.register(service, "a", k="v")
    cloudmap.wait(4)

    assert (cloudmap.found(), cloudmap.revision()) == (set(), 0)
    assert cloudmap.call("GetInstance", ServiceId=service, InstanceId="a")["Instance"]["Id"] == "a"
    cloudmap.wait(1)
    assert (cloudmap.found(), cloudmap.revision()) == ({"a"}, 1)


def test_random_lag_lets_reads_go_back_in_time() -> None:
    cloudmap = Driven(lag={"jitter": "10s"}, operation_delay=0)
    service = cloudmap.service()
    cloudmap.wait(20)
    cloudmap.register(service, "a", k="v")
    cloudmap.wait(5)

    seen = [cloudmap.revision() for _ in range(50)]

    assert set(seen) == {0, 1}
    assert seen != sorted(seen)


def test_deleted_service_lingers_in_a_lagging_data_plane() -> None:
    cloudmap = Driven(lag="5s", operation_delay=0)
    service = cloudmap.service()
    cloudmap.wait(10)
    cloudmap.call("DeleteService", Id=service)

    assert cloudmap.found() == set()
    cloudmap.wait(5)
    with refused("ServiceNotFound"):
        cloudmap.found()


def test_ec2_instance_gets_its_address() -> None:
    cloudmap = Driven()
    service = cloudmap.service()
    cloudmap.register(service, AWS_EC2_INSTANCE_ID="i-1")
    cloudmap.wait()

    attributes = cloudmap.call("GetInstance", ServiceId=service, InstanceId="a")["Instance"]["Attributes"]
    assert attributes["AWS_INSTANCE_IPV4"].startswith("10.")


def test_health_of_an_instance_registered_anew_is_not_touched_by_an_old_status() -> None:
    cloudmap = Driven()
    service = cloudmap.service(HealthCheckCustomConfig={})
    cloudmap.register(service, k="v")
    cloudmap.wait()
    cloudmap.call("UpdateInstanceCustomHealthStatus", ServiceId=service, InstanceId="a", Status="UNHEALTHY")
    cloudmap.call("DeregisterInstance", ServiceId=service, InstanceId="a")
    cloudmap.wait()
    cloudmap.register(service, k="v")
    cloudmap.wait(60)

    assert cloudmap.found(HealthStatus="HEALTHY") == {"a"}


def test_namespace_can_be_described_anew() -> None:
    cloudmap = Driven()
    namespace = cloudmap.namespace()
    cloudmap.call("UpdateHttpNamespace", Id=namespace, Namespace={"Description": "new"})
    cloudmap.wait()

    assert cloudmap.call("GetNamespace", Id=namespace)["Namespace"]["Description"] == "new"
    with refused("InvalidInput"):
        cloudmap.call("UpdatePublicDnsNamespace", Id=namespace, Namespace={"Description": "new"})


def test_page_token_of_another_list_is_refused() -> None:
    cloudmap = Driven()
    for name in ("a", "b"):
        cloudmap.namespace(name)
    token = cloudmap.call("ListNamespaces", MaxResults=1)["NextToken"]

    for operation in ("ListServices", "ListOperations"):
        with refused("InvalidInput"):
            cloudmap.call(operation, NextToken=token)
    with refused("InvalidInput"):
        cloudmap.call("ListNamespaces", NextToken="ü")


def test_namespace_created_between_two_pages_neither_hides_nor_repeats_another() -> None:
    cloudmap = Driven()
    identifiers = [cloudmap.namespace(name) for name in ("a", "b", "c")]
    first = cloudmap.call("ListNamespaces", MaxResults=2)
    cloudmap.call("DeleteNamespace", Id=identifiers[0])
    cloudmap.wait()
    late = cloudmap.namespace("d")

    second = cloudmap.call("ListNamespaces", MaxResults=2, NextToken=first["NextToken"])

    assert [n["Id"] for n in second["Namespaces"]] == [identifiers[2], late]


def test_old_operations_are_forgotten() -> None:
    cloudmap = Driven(operations_kept=2)
    service = cloudmap.service()
    first = cloudmap.register(service, "a", k="v")
    cloudmap.wait()
    for name in "bc":
        cloudmap.register(service, name, k="v")
        cloudmap.wait()

    with refused("OperationNotFound"):
        cloudmap.call("GetOperation", OperationId=first)


def test_unknown_member_of_a_request_is_refused() -> None:
    with refused("InvalidInput"):
        Driven().call("ListNamespaces", Nonsense=1)
