"""The functions that look after the namespace: find it from another account or Region, and empty it in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from constructs import Construct

from infra import arns
from infra.customresource import serve_cloudformation, service_timeout
from infra.functions import BundledFunction, Wanted
from infra.grants import hub as rights
from infra.grants.statements import EVERYTHING
from infra.names import emptier, namespace

if TYPE_CHECKING:
    from cloudmap_mcs.clusterset import Clusterset
    from infra.code import FunctionCode
    from infra.names import FunctionNames

HANDLER = "lambdas.namespace.handler.handler"
LOOKUP = "Custom::CloudmapMcsNamespace"
CONTENT = "Custom::CloudmapMcsNamespaceContent"
SERVICE = "namespace"
_MEMORY_MIB = 256
_LOOKUP_SECONDS = 60
_EMPTYING_SECONDS = 900


class NamespaceLookup(Construct):
    """Finds the hub's namespace at deploy time; `arn` is its ARN.

    In another account this fails until the hub's resource share is accepted, and says how.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, clusterset: Clusterset, code: FunctionCode, names: FunctionNames
    ) -> None:
        super().__init__(scope, construct_id)
        made = BundledFunction(
            self,
            "Finder",
            code=code,
            settings=clusterset.importer,
            wanted=Wanted(
                name=names.function,
                role_name=names.role,
                description=f"Finds the Cloud Map namespace of the clusterset {clusterset.clusterset}",
                handler=HANDLER,
                memory_mib=_MEMORY_MIB,
                timeout_seconds=_LOOKUP_SECONDS,
                environment=_environment(clusterset),
                grants=rights.finding(),
                wildcards={EVERYTHING: "IAM knows no resource for ListNamespaces"},
            ),
        )
        serve_cloudformation(made)
        found = cdk.CustomResource(
            self,
            "Found",
            service_token=made.function.function_arn,
            service_timeout=cdk.Duration.seconds(service_timeout(_LOOKUP_SECONDS)),
            resource_type=LOOKUP,
            properties={
                "Name": namespace(clusterset.clusterset),
                "HubAccount": clusterset.hub.account,
                "HubRegion": clusterset.hub.region,
            },
        )
        found.node.add_dependency(made)
        self.arn = found.get_att_string("Arn")


class NamespaceContent(Construct):
    """What the watchers wrote into the namespace: gone with the HubStack, before CloudFormation deletes the namespace.

    `resource` is what a resource depends on that has to be deleted before the namespace is emptied.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, clusterset: Clusterset, code: FunctionCode, namespace_id: str
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        registry = arns.registry(stack, clusterset, namespace_id)
        own_names = emptier(clusterset.clusterset, stack.region)
        own = stack.format_arn(service="cloudformation", resource="stack", resource_name=f"{stack.stack_name}/*")
        made = BundledFunction(
            self,
            "Emptier",
            code=code,
            settings=clusterset.importer,
            wanted=Wanted(
                name=own_names.function,
                role_name=own_names.role,
                description=f"Empties the Cloud Map namespace of the clusterset {clusterset.clusterset} in the end",
                handler=HANDLER,
                memory_mib=_MEMORY_MIB,
                timeout_seconds=_EMPTYING_SECONDS,
                environment=_environment(clusterset),
                grants=rights.emptying(registry, stack=own),
                wildcards={
                    **registry.random_ids,
                    EVERYTHING: "IAM knows no resource for ListServices",
                    own: "a stack's ARN ends in a random id",
                },
            ),
        )
        serve_cloudformation(made)
        self.resource = cdk.CustomResource(
            self,
            "Content",
            service_token=made.function.function_arn,
            service_timeout=cdk.Duration.seconds(service_timeout(_EMPTYING_SECONDS)),
            resource_type=CONTENT,
            properties={"NamespaceId": namespace_id, "HubRegion": clusterset.hub.region},
        )
        self.resource.node.add_dependency(made)


def _environment(clusterset: Clusterset) -> dict[str, str]:
    return {"POWERTOOLS_SERVICE_NAME": SERVICE, "POWERTOOLS_LOG_LEVEL": clusterset.importer.log_level}
