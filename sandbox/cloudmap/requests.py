"""What each operation's request may hold: the service model's members, lengths and patterns as tables.

A test compares every table with the model that botocore ships.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from sandbox.cloudmap.shapes import Many, Record, Shape, Table, Text, Whole

_LABEL = r"([a-zA-Z0-9_][a-zA-Z0-9-_]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9])"
_DOMAIN_LABEL = r"[a-zA-Z0-9]([a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])?"

ARN_OR_ID = Text(high=255)
ACCOUNT = Text(12, 12)
RESOURCE_ID = Text(high=64)
INSTANCE_ID = Text(high=64, pattern=re.compile(r"^[0-9a-zA-Z_/:.@-]+$"))
OPERATION_ID = Text(high=255)
DESCRIPTION = Text(high=1024)
NAMESPACE_NAME = Text(high=1024, pattern=re.compile(r"^[!-~]{1,1024}$"))
HTTP_NAME = Text(high=1024, pattern=re.compile(r"^(?!arn:)[!-~]{1,1024}$"))
PRIVATE_NAME = Text(high=253, pattern=re.compile(r"^(?!arn:)[!-~]{1,253}$"))
PUBLIC_NAME = Text(high=253, pattern=re.compile(rf"^({_DOMAIN_LABEL}\.)+{_DOMAIN_LABEL}$"))
SERVICE_NAME = Text(pattern=re.compile(rf"((?=^.{{1,127}}$)^{_LABEL}(\.{_LABEL})*$)|(^\.$)"))
ATTRIBUTES = Table(
    Text(high=255, pattern=re.compile(r"^[a-zA-Z0-9!-~]+$")),
    Text(high=1024, pattern=re.compile(r"^([a-zA-Z0-9!-~][ \ta-zA-Z0-9!-~]*){0,1}[a-zA-Z0-9!-~]{0,1}$")),
)
SERVICE_ATTRIBUTES = Table(Text(high=255), Text(high=1024), 1)
RESOURCE_ARN = Text(1, 1011)
TAG_KEY = Text(1, 128)
TAGS = Many(Record({"Key": TAG_KEY, "Value": Text(0, 256)}, frozenset({"Key", "Value"})), 0, 200)
NEXT_TOKEN = Text(high=4096)
PAGE = Whole(1, 100)
TTL = Record({"TTL": Whole(0, 2**31 - 1)}, frozenset({"TTL"}))
SOA = Record({"SOA": TTL}, frozenset({"SOA"}))
DNS_PROPERTIES = Record({"DnsProperties": SOA}, frozenset({"DnsProperties"}))
DNS_RECORDS = Many(
    Record(
        {"Type": Text(options=frozenset({"SRV", "A", "AAAA", "CNAME"})), "TTL": Whole(0, 2**31 - 1)},
        frozenset({"Type", "TTL"}),
    )
)
THRESHOLD = Whole(1, 10)
HEALTH_CHECK = Record(
    {
        "Type": Text(options=frozenset({"HTTP", "HTTPS", "TCP"})),
        "ResourcePath": Text(high=255),
        "FailureThreshold": THRESHOLD,
    },
    frozenset({"Type"}),
)


def _request(required: str = "", **members: Shape) -> Record:
    return Record(MappingProxyType(members), frozenset(required.split()))


def _filters(*names: str) -> Many:
    condition = Text(options=frozenset({"EQ", "IN", "BETWEEN", "BEGINS_WITH"}))
    members: dict[str, Shape] = {
        "Name": Text(options=frozenset(names)),
        "Values": Many(Text(1, 255)),
        "Condition": condition,
    }
    return Many(Record(members, frozenset({"Name", "Values"})))


def _page(required: str = "", **members: Shape) -> Record:
    return _request(required, NextToken=NEXT_TOKEN, MaxResults=PAGE, **members)


_DNS_CONFIG = Record(
    {
        "NamespaceId": RESOURCE_ID,
        "RoutingPolicy": Text(options=frozenset({"MULTIVALUE", "WEIGHTED"})),
        "DnsRecords": DNS_RECORDS,
    },
    frozenset({"DnsRecords"}),
)
_DNS_NAMESPACE: dict[str, Shape] = {
    "CreatorRequestId": RESOURCE_ID,
    "Description": DESCRIPTION,
    "Tags": TAGS,
    "Properties": DNS_PROPERTIES,
}
_DNS_CHANGE = Record({"Description": DESCRIPTION, "Properties": DNS_PROPERTIES})
_INSTANCE = _request("ServiceId InstanceId", ServiceId=ARN_OR_ID, InstanceId=RESOURCE_ID)
_BY_ID = _request("Id", Id=ARN_OR_ID)
_UPDATE_DNS_NAMESPACE = _request("Id Namespace", Id=ARN_OR_ID, UpdaterRequestId=RESOURCE_ID, Namespace=_DNS_CHANGE)

REQUESTS: Mapping[str, Record] = MappingProxyType(
    {
        "CreateHttpNamespace": _request(
            "Name", Name=HTTP_NAME, CreatorRequestId=RESOURCE_ID, Description=DESCRIPTION, Tags=TAGS
        ),
        "CreatePrivateDnsNamespace": _request("Name Vpc", Name=PRIVATE_NAME, Vpc=RESOURCE_ID, **_DNS_NAMESPACE),
        "CreatePublicDnsNamespace": _request("Name", Name=PUBLIC_NAME, **_DNS_NAMESPACE),
        "CreateService": _request(
            "Name",
            Name=SERVICE_NAME,
            NamespaceId=ARN_OR_ID,
            CreatorRequestId=RESOURCE_ID,
            Description=DESCRIPTION,
            DnsConfig=_DNS_CONFIG,
            HealthCheckConfig=HEALTH_CHECK,
            HealthCheckCustomConfig=Record({"FailureThreshold": THRESHOLD}),
            Tags=TAGS,
            Type=Text(options=frozenset({"HTTP"})),
        ),
        "DeleteNamespace": _BY_ID,
        "DeleteService": _BY_ID,
        "DeleteServiceAttributes": _request(
            "ServiceId Attributes", ServiceId=ARN_OR_ID, Attributes=Many(Text(high=255), 1, 30)
        ),
        "DeregisterInstance": _INSTANCE,
        "DiscoverInstances": _request(
            "NamespaceName ServiceName",
            NamespaceName=NAMESPACE_NAME,
            ServiceName=SERVICE_NAME,
            MaxResults=Whole(1, 1000),
            QueryParameters=ATTRIBUTES,
            OptionalParameters=ATTRIBUTES,
            HealthStatus=Text(options=frozenset({"HEALTHY", "UNHEALTHY", "ALL", "HEALTHY_OR_ELSE_ALL"})),
            OwnerAccount=ACCOUNT,
        ),
        "DiscoverInstancesRevision": _request(
            "NamespaceName ServiceName", NamespaceName=NAMESPACE_NAME, ServiceName=SERVICE_NAME, OwnerAccount=ACCOUNT
        ),
        "GetInstance": _INSTANCE,
        "GetInstancesHealthStatus": _page("ServiceId", ServiceId=ARN_OR_ID, Instances=Many(RESOURCE_ID, 1)),
        "GetNamespace": _BY_ID,
        "GetOperation": _request("OperationId", OperationId=OPERATION_ID, OwnerAccount=ACCOUNT),
        "GetService": _BY_ID,
        "GetServiceAttributes": _request("ServiceId", ServiceId=ARN_OR_ID),
        "ListInstances": _page("ServiceId", ServiceId=ARN_OR_ID),
        "ListNamespaces": _page(Filters=_filters("TYPE", "NAME", "HTTP_NAME", "RESOURCE_OWNER")),
        "ListOperations": _page(Filters=_filters("NAMESPACE_ID", "SERVICE_ID", "STATUS", "TYPE", "UPDATE_DATE")),
        "ListServices": _page(Filters=_filters("NAMESPACE_ID", "RESOURCE_OWNER")),
        "ListTagsForResource": _request("ResourceARN", ResourceARN=RESOURCE_ARN),
        "RegisterInstance": _request(
            "ServiceId InstanceId Attributes",
            ServiceId=ARN_OR_ID,
            InstanceId=INSTANCE_ID,
            CreatorRequestId=RESOURCE_ID,
            Attributes=ATTRIBUTES,
        ),
        "TagResource": _request("ResourceARN Tags", ResourceARN=RESOURCE_ARN, Tags=TAGS),
        "UntagResource": _request("ResourceARN TagKeys", ResourceARN=RESOURCE_ARN, TagKeys=Many(TAG_KEY, 0, 200)),
        "UpdateHttpNamespace": _request(
            "Id Namespace",
            Id=ARN_OR_ID,
            UpdaterRequestId=RESOURCE_ID,
            Namespace=Record({"Description": DESCRIPTION}, frozenset({"Description"})),
        ),
        "UpdateInstanceCustomHealthStatus": _request(
            "ServiceId InstanceId Status",
            ServiceId=ARN_OR_ID,
            InstanceId=RESOURCE_ID,
            Status=Text(options=frozenset({"HEALTHY", "UNHEALTHY"})),
        ),
        "UpdatePrivateDnsNamespace": _UPDATE_DNS_NAMESPACE,
        "UpdatePublicDnsNamespace": _UPDATE_DNS_NAMESPACE,
        "UpdateService": _request(
            "Id Service",
            Id=ARN_OR_ID,
            Service=Record(
                {
                    "Description": DESCRIPTION,
                    "DnsConfig": Record({"DnsRecords": DNS_RECORDS}, frozenset({"DnsRecords"})),
                    "HealthCheckConfig": HEALTH_CHECK,
                }
            ),
        ),
        "UpdateServiceAttributes": _request("ServiceId Attributes", ServiceId=ARN_OR_ID, Attributes=SERVICE_ATTRIBUTES),
    }
)
"""Every operation of the API → its request."""
