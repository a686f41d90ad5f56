"""Registering, discovering and reading instances."""

import pytest

from tests.contract.cloudmap.backend import CloudMap, moto_differs, refused


def test_registered_instance_is_discovered_with_its_attributes(cloudmap: CloudMap) -> None:
    service = cloudmap.service()

    cloudmap.register(service, "a", AWS_INSTANCE_IPV4="10.0.0.1", zone="one")

    assert cloudmap.found() == {"a": {"AWS_INSTANCE_IPV4": "10.0.0.1", "zone": "one"}}
    (instance,) = cloudmap.discover()["Instances"]
    assert (instance["NamespaceName"], instance["ServiceName"]) == ("mcs.demo", "web.shop")


def test_control_plane_shows_the_same_instance(cloudmap: CloudMap) -> None:
    service = cloudmap.service()

    cloudmap.register(service, "a", k="v")

    instance = cloudmap.client.get_instance(ServiceId=service, InstanceId="a")["Instance"]
    assert (instance["Id"], instance["Attributes"]) == ("a", {"k": "v"})
    listed = cloudmap.client.list_instances(ServiceId=service)["Instances"]
    assert [(i["Id"], i["Attributes"]) for i in listed] == [("a", {"k": "v"})]


def test_deregistered_instance_is_gone_everywhere(cloudmap: CloudMap) -> None:
    service = cloudmap.service()
    cloudmap.register(service, "a", k="v")

    cloudmap.deregister(service, "a")

    assert cloudmap.found() == {}
    with refused("InstanceNotFound"):
        cloudmap.client.get_instance(ServiceId=service, InstanceId="a")


def test_operation_names_what_it_is_about(cloudmap: CloudMap) -> None:
    service = cloudmap.service()

    operation = cloudmap.client.get_operation(OperationId=cloudmap.register(service, "a", k="v"))["Operation"]

    assert (operation["Type"], operation["Status"]) == ("REGISTER_INSTANCE", "SUCCESS")
    assert operation["Targets"]["INSTANCE"] == "a"


def test_registering_moves_the_revision(cloudmap: CloudMap) -> None:
    service = cloudmap.service()
    before = cloudmap.revision()

    cloudmap.register(service, "a", k="v")

    assert cloudmap.revision() > before
    assert cloudmap.discover()["InstancesRevision"] == cloudmap.revision()


def test_query_parameters_must_all_match_exactly(cloudmap: CloudMap) -> None:
    service = cloudmap.service()
    cloudmap.register(service, "a", version="1", zone="one")
    cloudmap.register(service, "b", version="1", zone="two")
    cloudmap.register(service, "c", version="11", zone="two")

    assert cloudmap.found(QueryParameters={"version": "1"}).keys() == {"a", "b"}
    assert cloudmap.found(QueryParameters={"version": "1", "zone": "two"}).keys() == {"b"}
    assert cloudmap.found(QueryParameters={"absent": "1"}) == {}


def test_optional_parameters_count_only_if_something_matches(cloudmap: CloudMap) -> None:
    service = cloudmap.service()
    cloudmap.register(service, "a", version="1", zone="one")
    cloudmap.register(service, "b", version="1", zone="two")
    cloudmap.register(service, "c", version="2", zone="three")
    wanted = {"version": "1"}

    assert cloudmap.found(QueryParameters=wanted, OptionalParameters={"zone": "two"}).keys() == {"b"}
    assert cloudmap.found(QueryParameters=wanted, OptionalParameters={"zone": "three"}).keys() == {"a", "b"}


def test_max_results_cuts_the_answer(cloudmap: CloudMap) -> None:
    service = cloudmap.service()
    for name in "abc":
        cloudmap.register(service, name, k="v")

    assert len(cloudmap.discover(MaxResults=2)["Instances"]) == 2


def test_instances_are_listed_page_by_page(cloudmap: CloudMap) -> None:
    service = cloudmap.service()
    for name in "abcde":
        cloudmap.register(service, name, k="v")

    pages = list(
        cloudmap.client.get_paginator("list_instances").paginate(ServiceId=service, PaginationConfig={"PageSize": 2})
    )

    assert [len(page["Instances"]) for page in pages] == [2, 2, 1]
    assert [i["Id"] for page in pages for i in page["Instances"]] == list("abcde")


def test_unknown_names_are_not_discovered(cloudmap: CloudMap) -> None:
    cloudmap.service()

    with refused("NamespaceNotFound"):
        cloudmap.discover(NamespaceName="unknown")
    with refused("ServiceNotFound"):
        cloudmap.discover("unknown")
    with refused("ServiceNotFound"):
        cloudmap.client.register_instance(ServiceId="srv-unknown", InstanceId="a", Attributes={"k": "v"})


@moto_differs("a second instance with the same id is added")
def test_registering_a_known_id_replaces_its_attributes(cloudmap: CloudMap) -> None:
    service = cloudmap.service()
    cloudmap.register(service, "a", old="1", both="1")

    cloudmap.register(service, "a", both="2")

    assert cloudmap.found() == {"a": {"both": "2"}}
    assert len(cloudmap.discover()["Instances"]) == 1
    assert cloudmap.client.get_instance(ServiceId=service, InstanceId="a")["Instance"]["Attributes"] == {"both": "2"}


@moto_differs("the revision is a sum over the instances present, so it falls and repeats")
def test_revision_only_grows(cloudmap: CloudMap) -> None:
    service = cloudmap.service()
    seen = [cloudmap.revision()]
    for name in "abc":
        cloudmap.register(service, name, k="v")
        seen.append(cloudmap.revision())
    for name in "abc":
        cloudmap.deregister(service, name)
        seen.append(cloudmap.revision())

    assert seen == sorted(set(seen))


@moto_differs("the revision depends on what is asked for")
def test_every_answer_carries_the_revision_of_the_service(cloudmap: CloudMap) -> None:
    service = cloudmap.service()
    for name in "abc":
        cloudmap.register(service, name, k=name)

    assert cloudmap.discover(MaxResults=1)["InstancesRevision"] == cloudmap.revision()
    assert cloudmap.discover(QueryParameters={"k": "a"})["InstancesRevision"] == cloudmap.revision()


@moto_differs("every operation succeeds at once")
def test_change_takes_effect_when_its_operation_succeeds(cloudmap: CloudMap) -> None:
    service = cloudmap.service()
    operation = cloudmap.client.register_instance(ServiceId=service, InstanceId="a", Attributes={"k": "v"})

    def status() -> str:
        return str(cloudmap.client.get_operation(**_id(operation))["Operation"]["Status"])

    assert (status(), cloudmap.found()) == ("SUBMITTED", {})
    cloudmap.wait(0.05)
    assert (status(), cloudmap.found()) == ("PENDING", {})
    cloudmap.wait(0.05)
    assert (status(), cloudmap.found()) == ("SUCCESS", {"a": {"k": "v"}})


def _id(answer: dict[str, str]) -> dict[str, str]:
    return {"OperationId": answer["OperationId"]}


@moto_differs("operations never overlap")
def test_second_request_on_an_instance_waits_for_the_first(cloudmap: CloudMap) -> None:
    service = cloudmap.service()
    request = {"ServiceId": service, "InstanceId": "a", "Attributes": {"k": "v"}}
    first = cloudmap.client.register_instance(**request, CreatorRequestId="one")["OperationId"]

    with refused("DuplicateRequest", 409) as answer:
        cloudmap.client.register_instance(**request, CreatorRequestId="two")
    assert answer["DuplicateOperationId"] == first
    with refused("ResourceInUse", 409):
        cloudmap.client.deregister_instance(ServiceId=service, InstanceId="a")
    cloudmap.wait(1)
    assert cloudmap.client.register_instance(**request, CreatorRequestId="two")["OperationId"] != first


@moto_differs("CreatorRequestId is not looked at")
def test_same_registration_sent_again_is_the_same_operation(cloudmap: CloudMap) -> None:
    request = {"ServiceId": cloudmap.service(), "InstanceId": "a", "Attributes": {"k": "v"}, "CreatorRequestId": "one"}
    first = cloudmap.client.register_instance(**request)["OperationId"]

    assert cloudmap.client.register_instance(**request)["OperationId"] == first
    cloudmap.wait(1)
    assert cloudmap.client.register_instance(**request)["OperationId"] == first


@moto_differs("the namespace has no limit, the service none either")
def test_a_service_has_at_most_a_thousand_instances(cloudmap: CloudMap) -> None:
    service = cloudmap.service()
    for number in range(1000):
        cloudmap.client.register_instance(ServiceId=service, InstanceId=str(number), Attributes={"k": "v"})

    with refused("ResourceLimitExceeded", 400):
        cloudmap.client.register_instance(ServiceId=service, InstanceId="one-more", Attributes={"k": "v"})
    cloudmap.wait(1)
    assert len(cloudmap.discover(MaxResults=1000)["Instances"]) == 1000


@moto_differs("everything is answered, in the order of registration")
def test_discovery_answers_a_hundred_in_random_order_unless_told(cloudmap: CloudMap) -> None:
    service = cloudmap.service()
    names = [f"{number:03}" for number in range(101)]
    for name in names:
        cloudmap.client.register_instance(ServiceId=service, InstanceId=name, Attributes={"k": "v"})
    cloudmap.wait(1)

    first, second = list(cloudmap.found()), list(cloudmap.found())

    assert (len(first), len(set(first))) == (100, 100)
    assert first != second
    assert sorted(cloudmap.found(MaxResults=1000)) == names


@pytest.mark.parametrize(
    ("instance", "attributes"),
    [
        pytest.param("with space", {"k": "v"}, id="instance-id-with-a-space"),
        pytest.param("x" * 65, {"k": "v"}, id="instance-id-too-long"),
        pytest.param("a", {f"k{n}": "v" for n in range(31)}, id="too-many-attributes"),
        pytest.param("a", {"k" * 256: "v"}, id="key-too-long"),
        pytest.param("a", {"a key": "v"}, id="key-with-a-space"),
        pytest.param("a", {"k": "v" * 1025}, id="value-too-long"),
        pytest.param("a", {"k": "ü"}, id="value-not-ascii"),
        pytest.param("a", {"k": " v"}, id="value-starts-with-a-space"),
        pytest.param("a", {f"k{n}": "v" * 1000 for n in range(5)}, id="too-many-characters"),
        pytest.param("a", {"AWS_INIT_HEALTH_STATUS": "HEALTHY"}, id="initial-health-without-a-health-check"),
        pytest.param("a", {"AWS_EC2_INSTANCE_ID": "i-1", "AWS_INSTANCE_PORT": "80"}, id="ec2-with-a-port"),
    ],
)
@moto_differs("nothing is checked")
def test_illegal_registration_is_refused(cloudmap: CloudMap, instance: str, attributes: dict[str, str]) -> None:
    with refused("InvalidInput", 400):
        cloudmap.client.register_instance(ServiceId=cloudmap.service(), InstanceId=instance, Attributes=attributes)


def test_registration_at_the_limits_is_taken(cloudmap: CloudMap) -> None:
    service = cloudmap.service()
    attributes = {f"key-{n:02}": "v" * 160 for n in range(30)}
    attributes["key-00"] += "v" * (5000 - sum(len(k) + len(v) for k, v in attributes.items()))

    cloudmap.register(service, "0aA_/:.@-" + "x" * 55, **attributes)

    assert list(cloudmap.found().values()) == [attributes]


@moto_differs("any number of results may be asked for")
def test_max_results_is_between_one_and_the_cap(cloudmap: CloudMap) -> None:
    service = cloudmap.service()

    with refused("InvalidInput", 400):
        cloudmap.discover(MaxResults=1001)
    with refused("InvalidInput", 400):
        cloudmap.client.list_instances(ServiceId=service, MaxResults=101)


@moto_differs("an unknown instance is deregistered with success")
def test_unknown_instance_cannot_be_deregistered(cloudmap: CloudMap) -> None:
    with refused("InstanceNotFound", 404):
        cloudmap.client.deregister_instance(ServiceId=cloudmap.service(), InstanceId="unknown")


@moto_differs("filters are ignored and operations whose namespace is unknown are deleted")
def test_operations_can_be_listed_by_service_status_and_type(cloudmap: CloudMap) -> None:
    service = cloudmap.service()
    done = cloudmap.register(service, "a", k="v")
    running = cloudmap.client.deregister_instance(ServiceId=service, InstanceId="a")["OperationId"]

    def listed(**filters: str) -> list[str]:
        wanted = [{"Name": name, "Values": [value]} for name, value in filters.items()]
        return [o["Id"] for o in cloudmap.client.list_operations(Filters=wanted)["Operations"]]

    assert listed(SERVICE_ID=service) == [done, running]
    assert listed(SERVICE_ID=service, STATUS="SUCCESS") == [done]
    assert listed(TYPE="DEREGISTER_INSTANCE") == [running]
    assert cloudmap.client.get_operation(OperationId=done)["Operation"]["Status"] == "SUCCESS"
