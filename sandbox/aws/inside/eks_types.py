"""The CloudFormation types of EKS that ministack lacks: access entries with their policies, Pod Identity."""

# ruff: noqa: SLF001 -- ministack has no public way in, which is why its version is pinned

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.aws.inside.resources import Made, Properties, Resource, answered, lower_keys

if TYPE_CHECKING:
    from types import ModuleType


class AccessEntries(Resource):
    """Who may call a cluster's API server: as a member of which groups, with which access policies."""

    replaced_by = ("ClusterName", "PrincipalArn", "Type")

    def __init__(self, eks: ModuleType) -> None:
        self._eks = eks

    def create(self, _logical_id: str, properties: Properties, _stack: str) -> Made:
        cluster, principal = properties["ClusterName"], properties["PrincipalArn"]
        body = lower_keys(properties, ("PrincipalArn", "Type", "KubernetesGroups", "Username"))
        answer = answered(self._eks._create_access_entry(cluster, body), "AccessEntry")
        try:
            self._set_policies(cluster, principal, properties)
        except ValueError:
            self._eks._delete_access_entry(cluster, principal)
            raise
        return f"{principal}|{cluster}", self._attributes(answer)

    def change(self, physical_id: str, properties: Properties) -> Made:
        cluster, principal = properties["ClusterName"], properties["PrincipalArn"]
        # What the template does not name any more is taken back.
        body = {"kubernetesGroups": [], **lower_keys(properties, ("KubernetesGroups", "Username"))}
        answer = answered(self._eks._update_access_entry(cluster, principal, body), "AccessEntry")
        self._set_policies(cluster, principal, properties)
        return physical_id, self._attributes(answer)

    def delete(self, _physical_id: str, properties: Properties) -> None:
        response = self._eks._delete_access_entry(properties["ClusterName"], properties["PrincipalArn"])
        answered(response, "AccessEntry", missing_is_fine=True)

    def _set_policies(self, cluster: str, principal: str, properties: Properties) -> None:
        """Make the entry's policies those of the template; each is associated with one scope."""
        wanted = {policy["PolicyArn"]: policy["AccessScope"] for policy in properties.get("AccessPolicies", ())}
        listed = self._eks._list_associated_access_policies(cluster, principal, {})
        for present in answered(listed, "AccessEntry")["associatedAccessPolicies"]:
            if present["policyArn"] not in wanted:
                gone = self._eks._disassociate_access_policy(cluster, principal, present["policyArn"])
                answered(gone, "AccessEntry", missing_is_fine=True)
        for arn, scope in wanted.items():
            body = {"policyArn": arn, "accessScope": lower_keys(scope, ("Type", "Namespaces"))}
            if self._eks._access_policy_name(arn) is None:
                raise ValueError(f"AccessEntry: there is no access policy {arn}")
            answered(self._eks._associate_access_policy(cluster, principal, body), "AccessEntry")

    @staticmethod
    def _attributes(answer: dict[str, Any]) -> dict[str, Any]:
        return {"AccessEntryArn": answer["accessEntry"]["accessEntryArn"]}


class PodIdentityAssociations(Resource):
    """Which role a ServiceAccount of a cluster gets."""

    replaced_by = ("ClusterName", "Namespace", "ServiceAccount")

    def __init__(self, eks: ModuleType) -> None:
        self._eks = eks

    def create(self, _logical_id: str, properties: Properties, _stack: str) -> Made:
        body = lower_keys(properties, ("Namespace", "ServiceAccount", "RoleArn", "TargetRoleArn", "DisableSessionTags"))
        made = self._eks._create_pod_identity_association(properties["ClusterName"], body)
        association = answered(made, "PodIdentityAssociation")["association"]
        return association["associationArn"], self._attributes(association)

    def change(self, physical_id: str, properties: Properties) -> Made:
        body = lower_keys(properties, ("RoleArn", "TargetRoleArn", "DisableSessionTags"))
        identifier = physical_id.rsplit("/", 1)[-1]
        changed = self._eks._update_pod_identity_association(properties["ClusterName"], identifier, body)
        return physical_id, self._attributes(answered(changed, "PodIdentityAssociation")["association"])

    def delete(self, physical_id: str, properties: Properties) -> None:
        identifier = physical_id.rsplit("/", 1)[-1]
        response = self._eks._delete_pod_identity_association(properties["ClusterName"], identifier)
        answered(response, "PodIdentityAssociation", missing_is_fine=True)

    @staticmethod
    def _attributes(association: dict[str, Any]) -> dict[str, Any]:
        return {"AssociationArn": association["associationArn"], "AssociationId": association["associationId"]}
