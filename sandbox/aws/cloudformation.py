"""The CloudFormation types that ministack is given: the Cloud Map namespace, two of EKS, the policy of an event bus.

Run inside ministack's own interpreter, so nothing but the standard library may be imported here.
"""

# ruff: noqa: SLF001 -- ministack has no public way in, which is why its version is pinned

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

_CLOUD_MAP_SECONDS = 30.0
_NAMESPACE = "AWS::ServiceDiscovery::HttpNamespace"

Properties = dict[str, Any]
Made = tuple[str, dict[str, Any]]
"""Physical id and attributes."""


@dataclass(frozen=True, slots=True)
class Inside:
    """Where the handlers work: ministack's modules, and the Cloud Map of the sandbox."""

    eks: ModuleType
    eventbridge: ModuleType
    responses: ModuleType
    cloudmap_url: str


def register(handlers: dict[str, Any], inside: Inside) -> None:
    """Add the missing CloudFormation types; only the namespace replaces one that is there."""
    ours = {
        _NAMESPACE: CloudMapNamespaces(inside),
        "AWS::EKS::AccessEntry": AccessEntries(inside.eks),
        "AWS::EKS::PodIdentityAssociation": PodIdentityAssociations(inside.eks),
        "AWS::Events::EventBusPolicy": EventBusPolicies(inside.eventbridge),
    }
    for name, resource in ours.items():
        if (name in handlers) != (name == _NAMESPACE):
            sys.exit(f"this ministack {'knows' if name in handlers else 'does not know'} {name}, unlike the pinned one")
        handlers[name] = {"create": resource.create, "update": resource.update, "delete": resource.delete}


class Resource:
    """A CloudFormation type; ValueError fails the resource, as the real one would with the same words."""

    replaced_by: tuple[str, ...] = ()
    """Properties of which a change makes a new resource."""

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        raise NotImplementedError

    def change(self, physical_id: str, properties: Properties) -> Made:
        raise NotImplementedError

    def delete(self, physical_id: str, properties: Properties) -> None:
        raise NotImplementedError

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str) -> Made:
        if all(old.get(name) == new.get(name) for name in self.replaced_by):
            return self.change(physical_id, new)
        made = self.create(physical_id, new, stack)
        self.delete(physical_id, old)
        return made


class CloudMapNamespaces(Resource):
    """Namespaces in the Cloud Map that functions and watchers use."""

    replaced_by = ("Name",)

    def __init__(self, inside: Inside) -> None:
        self._responses = inside.responses
        self._url = inside.cloudmap_url

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        request = selected(properties, ("Name", "Description"))
        # CloudFormation's own tags are refused from anybody else.
        request["Tags"] = [tag for tag in properties.get("Tags", []) if not tag["Key"].startswith("aws:")]
        request["CreatorRequestId"] = f"{stack}-{logical_id}-{time.time_ns()}"[-64:]
        identifier = self._finished(self._call("CreateHttpNamespace", request))["NAMESPACE"]
        return identifier, self._attributes(identifier)

    def change(self, physical_id: str, properties: Properties) -> Made:
        namespace = {"Description": properties.get("Description", "")}
        self._finished(self._call("UpdateHttpNamespace", {"Id": physical_id, "Namespace": namespace}))
        return physical_id, self._attributes(physical_id)

    def delete(self, physical_id: str, _properties: Properties) -> None:
        try:
            answer = self._call("DeleteNamespace", {"Id": physical_id})
        except ValueError as error:
            if "NamespaceNotFound" not in str(error):
                raise
        else:
            self._finished(answer)

    def _attributes(self, identifier: str) -> dict[str, Any]:
        namespace = self._call("GetNamespace", {"Id": identifier})["Namespace"]
        return {"Id": identifier, "Arn": namespace["Arn"]}

    def _finished(self, answer: dict[str, Any]) -> dict[str, str]:
        deadline = time.monotonic() + _CLOUD_MAP_SECONDS
        while time.monotonic() < deadline:
            operation = self._call("GetOperation", {"OperationId": answer["OperationId"]})["Operation"]
            if operation["Status"] == "SUCCESS":
                return dict(operation["Targets"])
            if operation["Status"] == "FAIL":
                raise ValueError(operation.get("ErrorMessage", "the operation failed"))
            time.sleep(0.05)
        raise ValueError(f"Cloud Map did not finish within {_CLOUD_MAP_SECONDS:g} s")

    def _call(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        scope = f"{self._responses.get_account_id()}/20260101/{self._responses.get_region()}/servicediscovery"
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"Route53AutoNaming_v20170314.{operation}",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}/aws4_request, SignedHeaders=host, Signature=0",
            "User-Agent": "cloudformation.amazonaws.com",
        }
        request = urllib.request.Request(self._url, json.dumps(body).encode(), headers)  # noqa: S310 -- the sandbox's own server
        try:
            with urllib.request.urlopen(request, timeout=_CLOUD_MAP_SECONDS) as answer:  # noqa: S310 -- the same
                result: dict[str, Any] = json.load(answer)
                return result
        except urllib.error.HTTPError as error:
            raise ValueError(f"Cloud Map refused {operation}: {error.read().decode()}") from error
        except OSError as error:
            raise ValueError(f"Cloud Map at {self._url} does not answer: {error}") from error


def answered(response: tuple[int, Any, bytes], what: str, *, missing_is_fine: bool = False) -> dict[str, Any]:
    """Return the body of ministack's own answer, or raise what it says."""
    status, _, body = response
    if status == 404 and missing_is_fine:  # noqa: PLR2004 -- HTTP
        return {}
    if status >= 400:  # noqa: PLR2004 -- HTTP
        raise ValueError(f"{what}: {body!r}")
    return dict(json.loads(body or b"{}"))


def selected(properties: Properties, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: properties[name] for name in names if name in properties}


def lower_keys(properties: Properties, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the named properties as the EKS API spells them."""
    return {name[0].lower() + name[1:]: properties[name] for name in names if name in properties}


class AccessEntries(Resource):
    """Who may call a cluster's API server, and as a member of which groups."""

    replaced_by = ("ClusterName", "PrincipalArn", "Type")

    def __init__(self, eks: ModuleType) -> None:
        self._eks = eks

    def create(self, _logical_id: str, properties: Properties, _stack: str) -> Made:
        body = lower_keys(properties, ("PrincipalArn", "Type", "KubernetesGroups", "Username"))
        answer = answered(self._eks._create_access_entry(properties["ClusterName"], body), "AccessEntry")
        return f"{properties['PrincipalArn']}|{properties['ClusterName']}", self._attributes(answer)

    def change(self, physical_id: str, properties: Properties) -> Made:
        body = lower_keys(properties, ("KubernetesGroups", "Username"))
        cluster, principal = properties["ClusterName"], properties["PrincipalArn"]
        return physical_id, self._attributes(
            answered(self._eks._update_access_entry(cluster, principal, body), "AccessEntry")
        )

    def delete(self, _physical_id: str, properties: Properties) -> None:
        response = self._eks._delete_access_entry(properties["ClusterName"], properties["PrincipalArn"])
        answered(response, "AccessEntry", missing_is_fine=True)

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


class EventBusPolicies(Resource):
    """Statements of an event bus's policy."""

    replaced_by = ("EventBusName", "StatementId")

    def __init__(self, eventbridge: ModuleType) -> None:
        self._eventbridge = eventbridge

    def create(self, _logical_id: str, properties: Properties, _stack: str) -> Made:
        bus, statement_id = properties.get("EventBusName", "default"), properties["StatementId"]
        return self.change(f"{bus}|{statement_id}", properties)

    def change(self, physical_id: str, properties: Properties) -> Made:
        given = selected(properties, ("Action", "Principal", "Condition"))
        bus, statement_id = physical_id.split("|")
        request = {**given, **properties.get("Statement", {}), "EventBusName": bus, "StatementId": statement_id}
        answered(self._eventbridge._put_permission(request), "EventBusPolicy")
        return physical_id, {}

    def delete(self, physical_id: str, _properties: Properties) -> None:
        bus, statement_id = physical_id.split("|")
        request = {"EventBusName": bus, "StatementId": statement_id}
        answered(self._eventbridge._remove_permission(request), "EventBusPolicy", missing_is_fine=True)
