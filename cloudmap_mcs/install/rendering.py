"""Everything a member cluster gets, in the order in which it has to go in."""

from dataclasses import dataclass

from cloudmap_mcs.domain.installation import Parts
from cloudmap_mcs.domain.wellknown import MANAGED_BY
from cloudmap_mcs.install.clusterproperties import cluster_properties
from cloudmap_mcs.install.crds import custom_resource_definitions
from cloudmap_mcs.install.names import SYSTEM_NAMESPACE, Manifest, cluster_wide
from cloudmap_mcs.install.rbac import importer_rbac, people_rbac, watcher_rbac
from cloudmap_mcs.install.watcher import WatcherDeployment, watcher_manifests


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallSettings:
    """What is installed into one member: its id in the clusterset, and its watcher."""

    cluster: str
    watcher: WatcherDeployment


def render(settings: InstallSettings) -> tuple[Manifest, ...]:
    """Return namespace, CRDs, RBAC, ClusterProperties and watcher, in this order; equal settings give equal manifests.

    Whoever applies them waits for the CRDs to be established before it applies the ClusterProperties.
    Each call returns new dicts, which the caller may change.
    """
    rendered = parts(settings)
    return (
        rendered.namespace,
        *rendered.definitions,
        *rendered.rights,
        *rendered.properties,
        *rendered.watcher,
    )


def parts(settings: InstallSettings) -> Parts:
    """Return the same manifests by the steps of an install."""
    return Parts(
        namespace=_namespace(),
        definitions=custom_resource_definitions(),
        rights=(*importer_rbac(), *watcher_rbac(), *people_rbac()),
        properties=cluster_properties(cluster=settings.cluster, clusterset=settings.watcher.clusterset),
        watcher=watcher_manifests(settings.watcher),
    )


def _namespace() -> Manifest:
    metadata = cluster_wide(SYSTEM_NAMESPACE, MANAGED_BY)
    metadata["labels"] |= {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
