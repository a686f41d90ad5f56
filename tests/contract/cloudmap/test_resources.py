"""Namespaces, services, tags and lists."""

from tests.contract.cloudmap.backend import CloudMap, moto_differs, refused


def test_namespace_is_there_once_its_operation_succeeded(cloudmap: CloudMap) -> None:
    identifier = cloudmap.namespace("mcs.demo")

    namespace = cloudmap.client.get_namespace(Id=identifier)["Namespace"]
    assert (namespace["Name"], namespace["Type"]) == ("mcs.demo", "HTTP")
    assert namespace["Properties"]["HttpProperties"]["HttpName"] == "mcs.demo"
    assert namespace["Arn"].endswith(f"namespace/{identifier}")


def test_service_is_there_at_once(cloudmap: CloudMap) -> None:
    namespace = cloudmap.namespace()

    created = cloudmap.client.create_service(Name="web.shop", NamespaceId=namespace, Description="shop")["Service"]

    service = cloudmap.client.get_service(Id=created["Id"])["Service"]
    assert (service["Name"], service["NamespaceId"], service["Description"]) == ("web.shop", namespace, "shop")


def test_lists_name_what_was_created(cloudmap: CloudMap) -> None:
    namespace = cloudmap.namespace()
    service = cloudmap.service(NamespaceId=namespace)

    assert [n["Id"] for n in cloudmap.client.list_namespaces()["Namespaces"]] == [namespace]
    assert [s["Id"] for s in cloudmap.client.list_services()["Services"]] == [service]


def test_unknown_names_are_not_found(cloudmap: CloudMap) -> None:
    with refused("NamespaceNotFound"):
        cloudmap.client.get_namespace(Id="ns-unknown")
    with refused("ServiceNotFound"):
        cloudmap.client.get_service(Id="srv-unknown")
    with refused("OperationNotFound"):
        cloudmap.client.get_operation(OperationId="unknown")


def test_empty_service_and_namespace_can_be_deleted(cloudmap: CloudMap) -> None:
    namespace = cloudmap.namespace()
    service = cloudmap.service(NamespaceId=namespace)

    cloudmap.client.delete_service(Id=service)
    cloudmap.client.delete_namespace(Id=namespace)
    cloudmap.wait(1)

    assert cloudmap.client.list_services()["Services"] == []
    assert cloudmap.client.list_namespaces()["Namespaces"] == []


def test_other_regions_do_not_see_a_namespace(cloudmap: CloudMap) -> None:
    cloudmap.namespace()

    assert cloudmap.connect(region="us-west-2").list_namespaces()["Namespaces"] == []


def test_tags_can_be_added_replaced_and_removed(cloudmap: CloudMap) -> None:
    arn = cloudmap.client.get_namespace(Id=cloudmap.namespace())["Namespace"]["Arn"]

    cloudmap.client.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    cloudmap.client.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "3"}])
    cloudmap.client.untag_resource(ResourceARN=arn, TagKeys=["b"])

    assert cloudmap.client.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "3"}]


def test_service_attributes_merge_and_can_be_deleted(cloudmap: CloudMap) -> None:
    service = cloudmap.service()

    cloudmap.client.update_service_attributes(ServiceId=service, Attributes={"a": "1", "b": "2"})
    cloudmap.client.update_service_attributes(ServiceId=service, Attributes={"a": "3"})
    cloudmap.client.delete_service_attributes(ServiceId=service, Attributes=["b", "unknown"])

    answer = cloudmap.client.get_service_attributes(ServiceId=service)["ServiceAttributes"]
    assert answer["Attributes"] == {"a": "3"}


def test_a_service_has_at_most_thirty_attributes(cloudmap: CloudMap) -> None:
    service = cloudmap.service()
    cloudmap.client.update_service_attributes(ServiceId=service, Attributes={f"k{n}": "v" for n in range(30)})

    with refused("ServiceAttributesLimitExceededException"):
        cloudmap.client.update_service_attributes(ServiceId=service, Attributes={"one-more": "v"})


@moto_differs("a second namespace of the same name is created")
def test_second_namespace_of_a_name_is_refused_with_the_first_ones_id(cloudmap: CloudMap) -> None:
    namespace = cloudmap.namespace("mcs.demo")

    with refused("NamespaceAlreadyExists", 400) as answer:
        cloudmap.client.create_http_namespace(Name="mcs.demo")
    assert answer["NamespaceId"] == namespace


@moto_differs("a second service of the same name is created")
def test_second_service_of_a_name_is_refused_with_the_first_ones_id_and_arn(cloudmap: CloudMap) -> None:
    namespace = cloudmap.namespace()
    first = cloudmap.client.create_service(Name="web.shop", NamespaceId=namespace)["Service"]

    with refused("ServiceAlreadyExists", 400) as answer:
        cloudmap.client.create_service(Name="web.shop", NamespaceId=namespace)
    assert (answer["ServiceId"], answer["ServiceArn"]) == (first["Id"], first["Arn"])


@moto_differs("CreatorRequestId is not looked at")
def test_same_request_sent_again_answers_the_same_service(cloudmap: CloudMap) -> None:
    request = {"Name": "web.shop", "NamespaceId": cloudmap.namespace(), "CreatorRequestId": "once"}
    first = cloudmap.client.create_service(**request)["Service"]

    assert cloudmap.client.create_service(**request)["Service"]["Id"] == first["Id"]
    with refused("ServiceAlreadyExists") as answer:
        cloudmap.client.create_service(**request, Description="different")
    assert answer["CreatorRequestId"] == "once"


@moto_differs("CreatorRequestId is not looked at")
def test_same_namespace_request_sent_again_answers_the_same_operation(cloudmap: CloudMap) -> None:
    request = {"Name": "mcs.demo", "CreatorRequestId": "once"}
    first = cloudmap.client.create_http_namespace(**request)["OperationId"]

    assert cloudmap.client.create_http_namespace(**request)["OperationId"] == first
    cloudmap.wait(1)
    assert cloudmap.client.create_http_namespace(**request)["OperationId"] == first


@moto_differs("a service can be created in a namespace that does not exist")
def test_service_needs_a_namespace(cloudmap: CloudMap) -> None:
    with refused("NamespaceNotFound", 404):
        cloudmap.client.create_service(Name="web.shop", NamespaceId="ns-unknown")


@moto_differs("whatever is in it, it is deleted")
def test_what_contains_something_cannot_be_deleted(cloudmap: CloudMap) -> None:
    namespace = cloudmap.namespace()
    service = cloudmap.service(NamespaceId=namespace)
    cloudmap.register(service, "a", k="v")

    with refused("ResourceInUse", 409):
        cloudmap.client.delete_service(Id=service)
    with refused("ResourceInUse", 409):
        cloudmap.client.delete_namespace(Id=namespace)


@moto_differs("no pattern is checked")
def test_illegal_names_are_refused(cloudmap: CloudMap) -> None:
    namespace = cloudmap.namespace()

    for name in ("a/b", "-a", "a..b", "x" * 64, ""):
        with refused("InvalidInput", 400):
            cloudmap.client.create_service(Name=name, NamespaceId=namespace)
    with refused("InvalidInput", 400):
        cloudmap.client.create_http_namespace(Name="with space")
    with refused("InvalidInput", 400):
        cloudmap.client.create_http_namespace(Name="arn:aws:mine")


@moto_differs("the name is used again as it is, and nothing tells the two apart")
def test_reused_name_gets_another_http_name_which_discovery_wants(cloudmap: CloudMap) -> None:
    cloudmap.client.delete_namespace(Id=cloudmap.namespace("mcs.demo"))
    cloudmap.wait(1)

    again = cloudmap.namespace("mcs.demo")
    cloudmap.service(NamespaceId=again)

    properties = cloudmap.client.get_namespace(Id=again)["Namespace"]["Properties"]
    http_name = properties["HttpProperties"]["HttpName"]
    assert http_name.startswith("mcs.demo-")
    assert cloudmap.found(NamespaceName=http_name) == {}
    with refused("NamespaceNotFound", 404):
        cloudmap.discover(NamespaceName="mcs.demo")


@moto_differs("MaxResults and filters are ignored")
def test_lists_page_before_they_filter(cloudmap: CloudMap) -> None:
    others = cloudmap.namespace("others")
    for number in range(3):
        cloudmap.service(f"s{number}", NamespaceId=others)
    mine = cloudmap.service("mine", NamespaceId=cloudmap.namespace("mine"))
    wanted = {
        "Filters": [{"Name": "NAMESPACE_ID", "Values": [cloudmap.client.list_namespaces()["Namespaces"][1]["Id"]]}]
    }

    first = cloudmap.client.list_services(MaxResults=2, **wanted)
    second = cloudmap.client.list_services(MaxResults=2, NextToken=first["NextToken"], **wanted)

    assert first["Services"] == []
    assert [service["Id"] for service in second["Services"]] == [mine]
    assert "NextToken" not in second


@moto_differs("filters are ignored")
def test_namespaces_can_be_filtered_by_name_type_and_owner(cloudmap: CloudMap) -> None:
    cloudmap.namespace("mcs.a")
    cloudmap.namespace("other")

    def names(name: str, condition: str, value: str) -> list[str]:
        wanted = [{"Name": name, "Condition": condition, "Values": [value]}]
        return [n["Name"] for n in cloudmap.client.list_namespaces(Filters=wanted)["Namespaces"]]

    assert names("NAME", "EQ", "other") == ["other"]
    assert names("HTTP_NAME", "BEGINS_WITH", "mcs.") == ["mcs.a"]
    assert names("TYPE", "EQ", "DNS_PRIVATE") == []
    assert names("RESOURCE_OWNER", "EQ", "SELF") == ["mcs.a", "other"]
    with refused("InvalidInput"):
        names("NAME", "IN", "other")


@moto_differs("any number of tags is taken")
def test_a_resource_has_at_most_fifty_tags(cloudmap: CloudMap) -> None:
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(51)]

    with refused("TooManyTagsException", 400) as answer:
        cloudmap.client.create_service(Name="web", NamespaceId=cloudmap.namespace(), Tags=tags)
    assert answer["ResourceName"]


@moto_differs("ARNs are not understood")
def test_arns_are_accepted_wherever_ids_are(cloudmap: CloudMap) -> None:
    namespace = cloudmap.client.get_namespace(Id=cloudmap.namespace())["Namespace"]["Arn"]
    assert cloudmap.client.get_namespace(Id=namespace)["Namespace"]["Arn"] == namespace
    service = cloudmap.client.create_service(Name="web.shop", NamespaceId=namespace)["Service"]["Arn"]

    cloudmap.register(service, "a", k="v")

    assert cloudmap.client.get_instance(ServiceId=service, InstanceId="a")["Instance"]["Id"] == "a"
    assert len(cloudmap.client.list_instances(ServiceId=service)["Instances"]) == 1
    cloudmap.deregister(service, "a")
    cloudmap.client.delete_service(Id=service)
    cloudmap.client.delete_namespace(Id=namespace)


@moto_differs("there are no counts")
def test_counts_say_how_much_is_in_it(cloudmap: CloudMap) -> None:
    namespace = cloudmap.namespace()
    service = cloudmap.service(NamespaceId=namespace)
    cloudmap.register(service, "a", k="v")

    assert cloudmap.client.get_service(Id=service)["Service"]["InstanceCount"] == 1
    assert cloudmap.client.get_namespace(Id=namespace)["Namespace"]["ServiceCount"] == 1


@moto_differs("a service in an HTTP namespace can be updated")
def test_service_of_an_http_namespace_cannot_be_updated(cloudmap: CloudMap) -> None:
    with refused("InvalidInput", 400):
        cloudmap.client.update_service(Id=cloudmap.service(), Service={"Description": "new"})
