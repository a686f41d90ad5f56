"""Who becomes which role: the tables behind the trust policies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from aws_cdk import aws_iam as iam

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Who gets a role: an AWS service, an account or an identity provider, if all `conditions` (IAM's) hold.

    `who` says in words who that is in the end; `name` is the service's, the account's number or the provider's ARN. A
    `session` is a service that assumes the role with session tags.
    """

    who: str
    kind: Literal["service", "session", "account", "provider"]
    name: str
    conditions: Conditions = field(default_factory=dict)

    def principal(self) -> iam.IPrincipal:
        """Return it for a role's trust policy."""
        conditions = {operator: dict(keys) for operator, keys in self.conditions.items()}
        match self.kind:
            case "service":
                return iam.ServicePrincipal(self.name, conditions=conditions or None)
            case "session":
                return iam.SessionTagsPrincipal(iam.ServicePrincipal(self.name, conditions=conditions))
            case "account":
                return iam.PrincipalWithConditions(iam.AccountPrincipal(self.name), conditions)
            case "provider":
                return iam.WebIdentityPrincipal(self.name, conditions=conditions)


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A ServiceAccount of a cluster, by names."""

    namespace: str
    name: str


def function() -> Trust:
    """Lambda, for a function that has the role."""
    return Trust(who="the function, by Lambda", kind="service", name="lambda.amazonaws.com")


def pod_identity(account: ServiceAccount, *, cluster: str) -> Trust:
    """Pods of one ServiceAccount of the EKS cluster with this ARN, by the agent on their node."""
    tags = {
        "aws:RequestTag/eks-cluster-arn": cluster,
        "aws:RequestTag/kubernetes-namespace": account.namespace,
        "aws:RequestTag/kubernetes-service-account": account.name,
    }
    return Trust(
        who="Pods of its ServiceAccount, by EKS Pod Identity (`identity: pod-identity`)",
        kind="session",
        name="pods.eks.amazonaws.com",
        conditions={"StringEquals": tags},
    )


def web_identity(account: ServiceAccount, *, provider: str, issuer: str) -> Trust:
    """Pods of one ServiceAccount, for which the cluster's OIDC provider (its ARN) speaks; `issuer` has no scheme."""
    claims = {
        f"{issuer}:aud": "sts.amazonaws.com",
        f"{issuer}:sub": f"system:serviceaccount:{account.namespace}:{account.name}",
    }
    return Trust(
        who="Pods of its ServiceAccount, by the cluster's OIDC provider (`identity: irsa`)",
        kind="provider",
        name=provider,
        conditions={"StringEquals": claims},
    )


def other_account(account: str, *, role: str, external_id: str) -> Trust:
    """One role (its ARN) of another account, which may be made later than this.

    A trust policy takes only principals that are there, hence the account with a condition.
    """
    return Trust(
        who="the role of the function in the other account, and nobody else there",
        kind="account",
        name=account,
        conditions={"StringEquals": {"aws:PrincipalArn": role, "sts:ExternalId": external_id}},
    )


def schedules(account: str, *, group: str) -> Trust:
    """EventBridge Scheduler for this group of schedules: it names the group when it takes a role, and only that."""
    return Trust(
        who="EventBridge Scheduler, for schedules of this account",
        kind="service",
        name="scheduler.amazonaws.com",
        conditions={"StringEquals": {"aws:SourceAccount": account, "aws:SourceArn": group}},
    )


def rules(account: str, *, rules: Sequence[str]) -> Trust:
    """EventBridge for these rules, by wildcards for their ARNs: a trust policy takes 2,048 characters and not all."""
    return Trust(
        who="EventBridge, for the rules that forward",
        kind="service",
        name="events.amazonaws.com",
        conditions={"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": rules}},
    )
