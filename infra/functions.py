"""A function of the bundle: its log group, its role with the policy inline, its place in a network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import grants
from infra.acknowledge import acknowledge, acknowledge_wildcards
from infra.grants import functions as rights
from infra.grants import trust
from infra.grants.statements import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudmap_mcs.clusterset import Importer, Network
    from infra.code import FunctionCode

_REASONS: Mapping[str, str] = {
    "AwsSolutions-L1": "3.13 is the runtime that the bundle's wheels and bytecode are made for",
    "Serverless-LambdaLatestVersion": "3.13 is the runtime that the bundle's wheels and bytecode are made for",
    "Serverless-LambdaTracing": "X-Ray adds calls to every invocation; the log lines carry the keys to search for",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one function differs in from the others.

    `grants` are its rights but for logs and network; `wildcards` are the reasons for the wildcards in them; what it has
    in common with all (architecture, log retention) is in clusterset.yaml under `importer`.
    """

    name: str
    role_name: str
    description: str
    handler: str
    memory_mib: int
    timeout_seconds: int
    environment: Mapping[str, str]
    grants: tuple[grants.Grant, ...]
    wildcards: Mapping[str, str] = field(default_factory=dict)
    network: Network | None = None


class BundledFunction(Construct):
    """The function as CloudFormation gets it.

    In a network it depends on its role, and so the role outlives it: Lambda removes the network interfaces with that
    role's rights, minutes after the function. CloudFormation waits for that.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, code: FunctionCode, settings: Importer, wanted: Wanted
    ) -> None:
        super().__init__(scope, construct_id)
        self._wanted = wanted
        self.log_group = self._log_group(settings.log_retention_days)
        self.role = self._role()
        self.function = self._function(code, settings.architecture)
        acknowledge(self, _REASONS)

    @property
    def function_arn(self) -> str:
        """The ARN by its name: for what the function itself depends on."""
        return self._arn("lambda", "function", self._wanted.name)

    def _arn(self, service: str, resource: str, name: str) -> str:
        return cdk.Stack.of(self).format_arn(
            service=service, resource=resource, resource_name=name, arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME
        )

    def _log_group(self, days: int) -> logs.CfnLogGroup:
        group = logs.CfnLogGroup(
            self, "Logs", log_group_name=f"/aws/lambda/{self._wanted.name}", retention_in_days=days
        )
        group.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
        return group

    def _role(self) -> iam.Role:
        """Make the role with its policy inline: what needs the role must not come before its rights."""
        streams = f"{self._arn('logs', 'log-group', str(self.log_group.log_group_name))}:*"
        network = network_arns(cdk.Stack.of(self), self._wanted.network) if self._wanted.network else None
        interfaces = rights.networking(network, function=self.function_arn) if network else ()
        document = grants.policy(*self._wanted.grants, rights.logging(streams), *interfaces)
        role = iam.Role(
            self,
            "Role",
            role_name=self._wanted.role_name,
            assumed_by=trust.function().principal(),
            inline_policies={"function": document},
        )
        wildcards = {**self._wanted.wildcards, streams: "Lambda names the log streams"}
        wildcards |= network.wildcards if network else {}
        acknowledge_wildcards(role, wildcards)
        if EVERYTHING in wildcards:
            acknowledge(role, {"Serverless-LambdaStarPermissions": wildcards[EVERYTHING]})
        return role

    def _function(self, code: FunctionCode, architecture: str) -> lambda_.Function:
        architectures = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}
        wanted = self._wanted
        function = lambda_.Function(
            self,
            "Function",
            function_name=wanted.name,
            description=wanted.description,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=architectures[architecture],
            code=code.code,
            handler=wanted.handler,
            memory_size=wanted.memory_mib,
            timeout=cdk.Duration.seconds(wanted.timeout_seconds),
            role=self.role,
            environment=dict(wanted.environment),
            log_group=logs.LogGroup.from_log_group_arn(self, "LogGroup", self.log_group.attr_arn),
            logging_format=lambda_.LoggingFormat.JSON,
        )
        if wanted.network:
            # The class above wants the VPC, which it only needs to make security groups.
            resource = function.node.default_child
            assert isinstance(resource, lambda_.CfnFunction)  # noqa: S101 -- what a Function of the CDK consists of
            resource.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
                subnet_ids=list(wanted.network.subnets), security_group_ids=list(wanted.network.security_groups)
            )
        return function


def network_arns(stack: cdk.Stack, network: Network) -> rights.NetworkArns:
    """Return the ARNs of a network's parts in the account and Region of the stack, where functions run."""

    def arn(resource: str, name: str) -> str:
        return stack.format_arn(service="ec2", resource=resource, resource_name=name)

    return rights.NetworkArns(
        subnets=tuple(arn("subnet", name) for name in network.subnets),
        security_groups=tuple(arn("security-group", name) for name in network.security_groups),
        interfaces=arn("network-interface", "*"),
        anything=arn("*", "*"),
    )
