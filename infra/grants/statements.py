"""The form of the tables, and their way into a policy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EVERYTHING = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Actions on one kind of resource.

    `rights` has for each action what needs it, in words; `on` names the kind of resource; `conditions` are IAM's.
    """

    on: str
    rights: Mapping[str, str]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, str | Sequence[str]]] = field(default_factory=dict)

    def statement(self, *principals: iam.IPrincipal) -> iam.PolicyStatement:
        """Return it for a role's policy, or with `principals` for that of a resource."""
        return iam.PolicyStatement(
            actions=list(self.rights),
            resources=list(self.resources),
            conditions=self.conditions or None,
            principals=list(principals) or None,
        )


@dataclass(frozen=True, slots=True)
class Registry:
    """The ARNs of the hub's Cloud Map namespace, of all services in that account and Region, and of the bus.

    The ARN of a Cloud Map service holds a random id and nothing of its namespace, hence the wildcard. In another
    account `services_of_consumers` are that account's: AWS does not say whose ARN a service has that a consumer of a
    shared namespace is only about to make.
    """

    namespace: str
    services: str
    bus: str
    services_of_consumers: tuple[str, ...] = ()

    @property
    def random_ids(self) -> dict[str, str]:
        """The wildcards with their reason, for cdk-nag."""
        reason = "the ARN of a Cloud Map service is a random id and says nothing of its namespace"
        return dict.fromkeys((self.services, *self.services_of_consumers), reason)


def policy(*statements: Grant | iam.PolicyStatement) -> iam.PolicyDocument:
    made = [each.statement() if isinstance(each, Grant) else each for each in statements]
    return iam.PolicyDocument(statements=made)
