"""DNS namespaces and their services, straight at the registry."""

from tests.sandbox.cloudmap.rules import Driven, refused


def test_records_of_a_dns_service_ask_for_their_attributes() -> None:
    cloudmap = Driven()
    namespace = cloudmap.namespace("demo.local", "PrivateDns", Vpc="vpc-1")
    config = {"DnsRecords": [{"Type": "SRV", "TTL": 5}]}
    service = cloudmap.service(NamespaceId=namespace, DnsConfig=config)

    for attributes in ({"AWS_INSTANCE_IPV4": "10.0.0.1"}, {"AWS_INSTANCE_PORT": "80"}, {}):
        with refused("InvalidInput"):
            cloudmap.register(service, **attributes)
    with refused("InvalidInput"):
        cloudmap.register(service, AWS_INSTANCE_PORT="80", AWS_INSTANCE_IPV4="10.0.0.256")
    cloudmap.register(service, AWS_INSTANCE_PORT="80", AWS_INSTANCE_IPV6="fd00::1")


def test_services_of_a_dns_namespace_may_not_differ_by_case_only() -> None:
    cloudmap = Driven()
    config = {"DnsRecords": [{"Type": "A", "TTL": 5}]}
    dns = cloudmap.namespace("demo.local", "PrivateDns", Vpc="vpc-1")
    http = cloudmap.namespace()
    cloudmap.service("web", NamespaceId=dns, DnsConfig=config)

    with refused("ServiceAlreadyExists"):
        cloudmap.service("WEB", NamespaceId=dns, DnsConfig=config)
    assert cloudmap.service("web", NamespaceId=http) != cloudmap.service("WEB", NamespaceId=http)


def test_service_in_a_dns_namespace_can_be_for_calls_only() -> None:
    cloudmap = Driven()
    dns = cloudmap.namespace("demo.local", "PrivateDns", Vpc="vpc-1")

    with refused("InvalidInput"):
        cloudmap.service(NamespaceId=dns)
    service = cloudmap.service(NamespaceId=dns, Type="HTTP")
    assert cloudmap.call("GetService", Id=service)["Service"]["Type"] == "HTTP"


def test_update_of_a_dns_service_is_an_operation() -> None:
    cloudmap = Driven()
    dns = cloudmap.namespace("demo.local", "PrivateDns", Vpc="vpc-1")
    service = cloudmap.service(NamespaceId=dns, DnsConfig={"DnsRecords": [{"Type": "A", "TTL": 5}]})
    records = [{"Type": "A", "TTL": 60}]
    cloudmap.call("UpdateService", Id=service, Service={"DnsConfig": {"DnsRecords": records}})
    before = cloudmap.call("GetService", Id=service)["Service"]["DnsConfig"]["DnsRecords"]
    cloudmap.wait()

    assert before == [{"Type": "A", "TTL": 5}]
    assert cloudmap.call("GetService", Id=service)["Service"]["DnsConfig"]["DnsRecords"] == records
    with refused("InvalidInput"):
        cloudmap.call("UpdateService", Id=service, Service={"DnsConfig": {"DnsRecords": [{"Type": "AAAA", "TTL": 1}]}})
