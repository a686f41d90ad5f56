"""The custom resources of one cluster: what the installer is told of it. lambdas/installer/properties.py reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from constructs import Construct

from infra.installer import SERVICE_TIMEOUT_SECONDS
from infra.reaching import in_other_account, roles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constructs import IConstruct, IDependable

    from cloudmap_mcs.clusterset import Cluster
    from infra.code import Published
    from infra.installer import Installer
    from infra.shared import Shared

RESOURCE_TYPE = "Custom::CloudmapMcsMember"
LOOK_TYPE = "Custom::CloudmapMcsLook"


class Look(Construct):
    """The installer's first look at the cluster, through EKS's own API: what it finds is told in our words."""

    def __init__(
        self, scope: Construct, construct_id: str, *, installer: Installer, properties: dict[str, str]
    ) -> None:
        super().__init__(scope, construct_id)
        self._resource = _resource(self, LOOK_TYPE, installer, properties)
        # Not the installer itself: its access entry comes after the look.
        self._resource.node.add_dependency(*installer.parts)

    def before(self, refusable: Sequence[IConstruct]) -> None:
        """Make these only when nothing was found: EKS could refuse them."""
        for each in refusable:
            each.node.add_dependency(self)


class Installation(Construct):
    """Comes after all that the installer and the watcher need in AWS, and goes before it."""

    def __init__(
        self, scope: Construct, construct_id: str, *, installer: Installer, properties: dict[str, str]
    ) -> None:
        super().__init__(scope, construct_id)
        self.resource = _resource(self, RESOURCE_TYPE, installer, properties)
        # Its limits are part of the function: without them a second call could start after CloudFormation gave up.
        self.resource.node.add_dependency(installer)

    def after(self, needed: Sequence[IDependable]) -> None:
        """Make it only when these are there, and delete it before they are."""
        self.resource.node.add_dependency(*needed)


def _resource(scope: Construct, kind: str, installer: Installer, properties: dict[str, str]) -> cdk.CustomResource:
    return cdk.CustomResource(
        scope,
        "Resource",
        resource_type=kind,
        service_token=installer.function.function_arn,
        service_timeout=cdk.Duration.seconds(SERVICE_TIMEOUT_SECONDS),
        properties=properties,
    )


def properties(shared: Shared, cluster: Cluster, *, published: Published | None, partition: str) -> dict[str, str]:
    """Return the settings of one cluster as texts; what does not apply to it is left out.

    `published` are the watcher's zips in the cluster's account, None where watchers have their own image. `Code` is the
    hash of the installer's own code, so that a deploy of other code is an update of every cluster.
    """
    clusterset = shared.clusterset
    return {
        "Clusterset": clusterset.clusterset,
        "Cluster": cluster.id,
        "Eks": cluster.eks,
        "Region": cluster.region,
        "Account": cluster.account,
        "Members": ",".join(clusterset.members),
        # Functions at the hub know the namespace by its id; a watcher of another account would not find it.
        "NamespaceId": shared.registry.namespace if in_other_account(cluster) else shared.namespace_id,
        "BusArn": shared.registry.bus,
        "HubRegion": clusterset.hub.region,
        "ResyncSeconds": str(shared.resync_seconds),
        "WatcherReplicas": str(clusterset.watcher.replicas),
        "WatcherLogLevel": clusterset.watcher.log_level,
        "WatcherPriorityClass": clusterset.watcher.priority_class,
        **_watcher_code(shared, cluster, published),
        "Dns": cluster.dns,
        "StubZoneImage": clusterset.stub_zone.image,
        "StubZoneReplicas": str(clusterset.stub_zone.replicas),
        "Identity": cluster.identity,
        **_watcher_role(shared, cluster, partition),
        **_assumed(shared, cluster, partition),
        "Code": shared.code.digest,
    }


def _watcher_code(shared: Shared, cluster: Cluster, published: Published | None) -> dict[str, str]:
    watcher = shared.clusterset.watcher
    if published is None:
        return {"WatcherImage": watcher.image or ""}
    place = {"BaseImage": watcher.base_image, "BundleRegion": cluster.region, "BundleBucket": published.bucket}
    for architecture, archive in published.archives.items():
        place |= {f"Bundle{architecture}Key": archive.key, f"Bundle{architecture}Sha256": archive.sha256}
    return place


def _watcher_role(shared: Shared, cluster: Cluster, partition: str) -> dict[str, str]:
    """Name the role for the ServiceAccount's annotation; with Pod Identity EKS knows it."""
    if cluster.identity != "irsa":
        return {}
    return {"WatcherRoleArn": f"arn:{partition}:iam::{cluster.account}:role/{shared.names_of(cluster).watcher_role}"}


def _assumed(shared: Shared, cluster: Cluster, partition: str) -> dict[str, str]:
    if not in_other_account(cluster):
        return {}
    role = roles(partition, shared.clusterset.clusterset, cluster).installer
    return {"AssumeRoleArn": role.arn, "ExternalId": role.external_id}
