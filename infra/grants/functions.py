"""What every function may do: write its log, use the network it is put into, become a role of its cluster's account."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_iam as iam

from infra.grants.statements import EVERYTHING, Grant

_LAMBDA = "Lambda itself, when it connects the function to its subnets"

# What IAM can limit is limited; the others take nothing but all: AWS's guide "Giving Lambda functions access to
# resources in an Amazon VPC", required IAM permissions.
_INTERFACES = {
    "ec2:AssignPrivateIpAddresses": _LAMBDA,
    "ec2:DeleteNetworkInterface": "Lambda itself, when the function leaves its subnets",
    "ec2:UnassignPrivateIpAddresses": _LAMBDA,
}
_LOOKS = {"ec2:DescribeNetworkInterfaces": _LAMBDA, "ec2:DescribeSubnets": _LAMBDA}


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkArns:
    """The ARNs of a function's subnets and security groups, and the wildcards of its account and Region."""

    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    interfaces: str
    anything: str

    @property
    def wildcards(self) -> dict[str, str]:
        """Each wildcard with its reason, for cdk-nag."""
        return {
            self.interfaces: "an interface that is being made has no id yet",
            self.anything: "Lambda refuses a role that may not delete every interface, and asks with this ARN",
            EVERYTHING: "ec2:Describe* knows no resource",
        }


def logging(log_streams: str) -> Grant:
    """Return the right to write into the streams of the function's own log group, which the stack makes."""
    rights = {"logs:CreateLogStream": "Lambda's log of the function", "logs:PutLogEvents": "the same"}
    return Grant(on="its log group", rights=rights, resources=(log_streams,))


def networking(network: NetworkArns, *, function: str) -> tuple[Grant | iam.PolicyStatement, ...]:
    """Return what Lambda needs to connect the function to its subnets, and a refusal of all that to its code.

    Lambda uses the function's role for it. Calls by the function's code carry the function's ARN, calls by Lambda do
    not (AWS's guide "Using source function ARN to control function access behavior").
    """
    created = {"ec2:CreateNetworkInterface": _LAMBDA}
    own = (*network.subnets, *network.security_groups, network.interfaces)
    refused = iam.PolicyStatement(
        effect=iam.Effect.DENY,
        actions=sorted((*created, *_INTERFACES, *_LOOKS)),
        resources=[EVERYTHING],
        conditions={"ArnEquals": {"lambda:SourceFunctionArn": function}},
    )
    return (
        Grant(on="its subnets and security groups", rights=created, resources=own),
        Grant(on="network interfaces", rights=_INTERFACES, resources=(network.anything,)),
        Grant(on="everything", rights=_LOOKS, resources=(EVERYTHING,)),
        refused,
    )


def assuming(*roles: str) -> Grant:
    """Return the right to become the roles that the clusters' accounts made for this function."""
    return Grant(
        on="its roles in the clusters' accounts",
        rights={"sts:AssumeRole": "DescribeCluster, add-on calls and tokens where functions_account differs"},
        resources=roles,
    )
