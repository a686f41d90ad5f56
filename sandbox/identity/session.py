"""From a ServiceAccount to credentials: its Pod Identity association, then AssumeRole with EKS's session tags."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sandbox.identity.review import ServiceAccount

_NAME_LIMIT: Final = 64


class NoAssociationError(Exception):
    """The cluster has no Pod Identity association for this ServiceAccount."""


@dataclass(frozen=True, slots=True)
class Associations:
    """A cluster's Pod Identity associations, looked up through a boto3 client for `eks` each time."""

    eks: Any
    cluster: str

    def find(self, namespace: str, account: str) -> str | None:
        """Return the id of a ServiceAccount's association, None if it has none."""
        found = self.eks.list_pod_identity_associations(
            clusterName=self.cluster, namespace=namespace, serviceAccount=account
        )["associations"]
        return str(found[0]["associationId"]) if found else None


@dataclass(frozen=True, slots=True)
class Sessions:
    """Makes sessions through boto3 clients for `eks` and `sts`, of `seconds` each."""

    eks: Any
    sts: Any
    seconds: int

    def credentials(self, cluster: str, owner: ServiceAccount) -> dict[str, str]:
        """Return what the container credentials endpoint answers; NoAssociationError or a ClientError if it cannot."""
        role = self._role(cluster, owner)
        arn = self.eks.describe_cluster(name=cluster)["cluster"]["arn"]
        tags = {
            "eks-cluster-arn": arn,
            "eks-cluster-name": cluster,
            "kubernetes-namespace": owner.namespace,
            "kubernetes-service-account": owner.name,
            "kubernetes-pod-name": owner.pod,
            "kubernetes-pod-uid": owner.pod_uid,
        }
        answer = self.sts.assume_role(
            RoleArn=role,
            RoleSessionName=session_name(cluster, owner),
            DurationSeconds=self.seconds,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items() if value],
            TransitiveTagKeys=[key for key, value in tags.items() if value],
        )["Credentials"]
        return {
            "AccessKeyId": answer["AccessKeyId"],
            "SecretAccessKey": answer["SecretAccessKey"],
            "Token": answer["SessionToken"],
            "AccountId": role.split(":")[4],
            "Expiration": answer["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def _role(self, cluster: str, owner: ServiceAccount) -> str:
        identifier = Associations(self.eks, cluster).find(owner.namespace, owner.name)
        if identifier is None:
            raise NoAssociationError(f"no association for {owner.namespace}/{owner.name} in {cluster}")
        described = self.eks.describe_pod_identity_association(clusterName=cluster, associationId=identifier)
        role: str = described["association"]["roleArn"]
        return role


def session_name(cluster: str, owner: ServiceAccount) -> str:
    """Name the session as EKS does, after cluster and pod, within what STS allows."""
    return re.sub(r"[^\w+=,.@-]", "-", f"eks-{cluster}-{owner.pod or owner.name}")[:_NAME_LIMIT]
