"""The hub: one Cloud Map namespace and one event bus per clusterset, and what others need of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_servicediscovery as servicediscovery
from aws_cdk import aws_ssm as ssm

from infra import names, places
from infra.code import function_code
from infra.forwarding import Forwarding, let_watchers_in
from infra.namespace import NamespaceContent
from infra.sharing import share
from infra.trail import WriteTrail

if TYPE_CHECKING:
    from constructs import Construct

    from cloudmap_mcs.clusterset import Clusterset
    from infra.code import Code


class HubStack(cdk.Stack):
    """Namespace and bus; share and forwarding where there are others; the trail when `cloudtrail: create` asks for it.

    Its deletion empties the namespace. Nothing in it waits for another stack.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, clusterset: Clusterset, code: Code, **kwargs: Any
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._clusterset = clusterset
        namespace = self._namespace()
        bus = events.CfnEventBus(self, "Bus", name=names.bus(clusterset.clusterset))
        content = NamespaceContent(
            self,
            "NamespaceContent",
            clusterset=clusterset,
            code=function_code(code),
            namespace_id=namespace.ref,
        )
        shared = share(self, clusterset, namespace=namespace.attr_arn)
        if shared:
            # Made later, and so gone earlier: nobody in another account fills the namespace while it is emptied.
            shared.node.add_dependency(content.resource)
        let_watchers_in(bus, clusterset)
        if places.remote(clusterset):
            Forwarding(self, "Forwarding", clusterset=clusterset, bus=bus)
        if clusterset.cloudtrail == "create":
            WriteTrail(self, "Trail")
        for key, value in (
            ("NamespaceIdOut", namespace.ref),
            ("NamespaceArn", namespace.attr_arn),
            ("BusArn", bus.attr_arn),
        ):
            cdk.CfnOutput(self, key, value=value).override_logical_id(key.removesuffix("Out"))

    def _namespace(self) -> servicediscovery.CfnHttpNamespace:
        clusterset = self._clusterset.clusterset
        namespace = servicediscovery.CfnHttpNamespace(
            self,
            "Namespace",
            name=names.namespace(clusterset),
            description=f"Services exported in the clusterset {clusterset}",
        )
        # A parameter and not a stack export: an export could never change while a member stack uses it.
        ssm.CfnParameter(
            self,
            "NamespaceId",
            type="String",
            name=names.namespace_parameter(clusterset),
            description="Id of the clusterset's Cloud Map namespace",
            value=namespace.ref,
        )
        return namespace
