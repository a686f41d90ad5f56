"""The hub: one Cloud Map namespace and one event bus per clusterset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_servicediscovery as servicediscovery
from aws_cdk import aws_ssm as ssm

from infra import names
from infra.trail import WriteTrail

if TYPE_CHECKING:
    from constructs import Construct

    from cloudmap_mcs.clusterset import Clusterset


class HubStack(cdk.Stack):
    """Namespace, bus, and the trail when `cloudtrail: create` asks for it."""

    def __init__(self, scope: Construct, construct_id: str, *, clusterset: Clusterset, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        namespace = servicediscovery.CfnHttpNamespace(
            self,
            "Namespace",
            name=names.namespace(clusterset.clusterset),
            description=f"Services exported in the clusterset {clusterset.clusterset}",
        )
        bus = events.CfnEventBus(self, "Bus", name=names.bus(clusterset.clusterset))
        # A parameter and not a stack export: an export could never change while a member stack uses it.
        ssm.CfnParameter(
            self,
            "NamespaceId",
            type="String",
            name=names.namespace_parameter(clusterset.clusterset),
            description="Id of the clusterset's Cloud Map namespace",
            value=namespace.ref,
        )
        if clusterset.cloudtrail == "create":
            WriteTrail(self, "Trail")
        for key, value in (
            ("NamespaceIdOut", namespace.ref),
            ("NamespaceArn", namespace.attr_arn),
            ("BusArn", bus.attr_arn),
        ):
            cdk.CfnOutput(self, key, value=value).override_logical_id(key.removesuffix("Out"))
