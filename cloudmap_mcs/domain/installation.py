"""What is installed into a cluster, as far as the order of installing and the rules about ownership need to know it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from cloudmap_mcs.domain.wellknown import LABEL_MANAGED_BY, LABEL_SLICE_MANAGED_BY, MANAGED_BY

Manifest = dict[str, Any]

DEFINITION_KIND: Final = "CustomResourceDefinition"


class DnsMode(StrEnum):
    """Who makes the cluster's DNS answer for the clusterset's zone."""

    MANAGED = "managed"
    """We edit the Corefile, and take the edit back when the cluster leaves."""
    STUB_ZONE = "stub-zone"
    """A CoreDNS of our own answers, and the cluster's forwards the zone to it."""
    MANUAL = "manual"
    """A person does; the installer gives CoreDNS its rights and says which lines to add."""


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """Which object is meant. `version` is the `apiVersion` of its manifest."""

    version: str
    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that one member cluster gets, in the order in which it has to go in."""

    namespace: Manifest
    definitions: tuple[Manifest, ...]
    rights: tuple[Manifest, ...]
    properties: tuple[Manifest, ...]
    watcher: tuple[Manifest, ...]
    dns: tuple[Manifest, ...] = ()
    """The CoreDNS of our own, where there is to be one (`DnsMode.STUB_ZONE`)."""

    @property
    def own(self) -> tuple[Manifest, ...]:
        """All but the definitions and the properties: objects that nobody else has a reason to make."""
        return (self.namespace, *self.rights, *self.watcher, *self.dns)


@dataclass(frozen=True, slots=True)
class Derived:
    """A kind that importers make objects of, and the label that marks ours."""

    version: str
    kind: str
    label: str

    @property
    def selector(self) -> str:
        return f"{self.label}={MANAGED_BY}"


DERIVED_KINDS: Final = (
    Derived("multicluster.x-k8s.io/v1beta1", "ServiceImport", LABEL_MANAGED_BY),
    Derived("v1", "Service", LABEL_MANAGED_BY),
    Derived("discovery.k8s.io/v1", "EndpointSlice", LABEL_SLICE_MANAGED_BY),
)
"""In the order in which they go when the cluster leaves: names stop before the addresses that they stand for."""


@dataclass(frozen=True, slots=True)
class Account:
    """A ServiceAccount, whose rights are asked for."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Right:
    """One verb on one resource in every namespace."""

    verb: str
    group: str
    resource: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}.{self.group}".removesuffix(".")


def reference(manifest: Mapping[str, Any]) -> Reference:
    """Say which object a manifest is."""
    metadata = manifest["metadata"]
    return Reference(manifest["apiVersion"], manifest["kind"], metadata["name"], metadata.get("namespace", ""))


def is_ours(manifest: Mapping[str, Any]) -> bool:
    """Say whether an object bears our mark. Nothing else is ever changed or deleted."""
    labels = manifest["metadata"].get("labels") or {}
    return MANAGED_BY in (labels.get(LABEL_MANAGED_BY), labels.get(LABEL_SLICE_MANAGED_BY))


def may_go(found: Mapping[str, Any]) -> bool:
    """Say whether an object goes when the cluster leaves the clusterset.

    Ours do. Definitions stay whoever made them: with them every ServiceExport of the users would go.
    """
    return found["kind"] != DEFINITION_KIND and is_ours(found)


def rights_in(role: Mapping[str, Any]) -> tuple[Right, ...]:
    """List what a ClusterRole grants, verb by verb."""
    return tuple(
        Right(verb, group, resource)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )


def missing_pods(deployment: Mapping[str, Any]) -> str:
    """Say what a Deployment still lacks until all of its Pods are ready in their newest form; empty if nothing.

    The same as `kubectl rollout status` looks at.
    """
    status, wanted = deployment.get("status") or {}, deployment["spec"].get("replicas", 1)
    if status.get("observedGeneration", 0) < deployment["metadata"].get("generation", 0):
        return "its newest form was not looked at yet"
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    if updated < wanted:
        return f"{updated} of {wanted} Pods have its newest form"
    if status.get("replicas", 0) > updated:
        return "Pods of its old form are still there"
    return "" if available >= updated else f"{available} of {updated} Pods are ready"


def given_up(deployment: Mapping[str, Any]) -> str:
    """Say why Kubernetes does not expect a Deployment's newest form to become ready any more; empty while it does."""
    status = deployment.get("status") or {}
    if status.get("observedGeneration", 0) < deployment["metadata"].get("generation", 0):
        return ""
    conditions = [each for each in status.get("conditions") or () if each["type"] == "Progressing"]
    return next((each.get("message", "") or each["reason"] for each in conditions if each["status"] == "False"), "")
