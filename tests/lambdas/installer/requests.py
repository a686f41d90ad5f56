"""Requests of CloudFormation, as it sends them, and the properties of one member cluster."""

from typing import Any

STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/cloudmap-mcs-prod/0f3b6a70-1b2c-11f0-8a4e-0a1b2c3d4e5f"
ARN = "arn:aws:eks:eu-west-1:123456789012:cluster/prod-east"
SIGNATURE = "X-Amz-Signature=c2VjcmV0"
URL = f"https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/arn%3Aaws?{SIGNATURE}"

PROPERTIES = {
    "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:cloudmap-mcs-prod-installer",
    "ServiceTimeout": "960",
    "Clusterset": "prod",
    "Cluster": "east",
    "Eks": "prod-east",
    "Region": "eu-west-1",
    "Account": "123456789012",
    "Members": "east,west",
    "NamespaceId": "ns-abcdefghijklmnop",
    "BusArn": "arn:aws:events:eu-west-1:123456789012:event-bus/cloudmap-mcs-prod",
    "HubRegion": "eu-west-1",
    "ResyncSeconds": "300",
    "WatcherReplicas": "2",
    "WatcherLogLevel": "INFO",
    "WatcherPriorityClass": "system-cluster-critical",
    "BaseImage": "public.ecr.aws/lambda/python:3.13",
    "BundleRegion": "eu-west-1",
    "BundleBucket": "cdk-assets",
    "BundleArm64Key": "arm.zip",
    "BundleArm64Sha256": "a" * 64,
    "Dns": "managed",
    "StubZoneImage": "registry.k8s.io/coredns/coredns:v1.13.1",
    "StubZoneReplicas": "2",
    "Identity": "pod-identity",
    "Code": "0123456789abcdef",
}


def properties(**changes: str | None) -> dict[str, str]:
    """Give the properties of a member with some changed, or left out where None."""
    return {name: value for name, value in {**PROPERTIES, **changes}.items() if value is not None}


def an_event(
    kind: str = "Create",
    *,
    physical_id: str | None = None,
    url: str = URL,
    stack: str = STACK,
    resource_type: str = "Custom::CloudmapMcsMember",
    **changes: Any,
) -> dict[str, Any]:
    event = {
        "RequestType": kind,
        "ServiceToken": PROPERTIES["ServiceToken"],
        "ResponseURL": url,
        "StackId": stack,
        "RequestId": "52fdfc07-2182-454f-963f-5f0f9a621d72",
        "ResourceType": resource_type,
        "LogicalResourceId": "Member0east",
        "ResourceProperties": properties(**changes),
    }
    return event if physical_id is None else {**event, "PhysicalResourceId": physical_id}
