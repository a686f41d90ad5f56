"""Everything a member cluster gets, in the order in which it has to go in."""

from dataclasses import dataclass, field

from cloudmap_mcs.domain.installation import DnsMode, Parts
from cloudmap_mcs.domain.wellknown import MANAGED_BY
from cloudmap_mcs.install.clusterproperties import cluster_properties
from cloudmap_mcs.install.crds import custom_resource_definitions
from cloudmap_mcs.install.names import SYSTEM_NAMESPACE, Manifest, cluster_wide
from cloudmap_mcs.install.rbac import importer_rbac, people_rbac, watcher_rbac
from cloudmap_mcs.install.stub_zone import StubZone, stub_zone_manifests
from cloudmap_mcs.install.watcher import WatcherDeployment, watcher_manifests


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallSettings:
    """What is installed into one member: its id in the clusterset, its watcher, and how its DNS is done.

    `stub_zone` matters in that mode only. `watcher_role_arn` is the watcher's IAM role where it comes by IRSA.
    """

    cluster: str
    watcher: WatcherDeployment
    dns: DnsMode = DnsMode.MANAGED
    stub_zone: StubZone = field(default_factory=StubZone)
    watcher_role_arn: str = ""


def render(settings: InstallSettings) -> tuple[Manifest, ...]:
    """Return namespace, CRDs, RBAC, ClusterProperties, watcher and perhaps a CoreDNS of our own, in this order.

    Equal settings give equal manifests. Whoever applies them waits for the CRDs to be established before it applies
    the ClusterProperties, and gives the cluster's CoreDNS its rights (`dns.rights`), which depend on who it is.
    Each call returns new dicts, which the caller may change.
    """
    rendered = parts(settings)
    return (
        rendered.namespace,
        *rendered.definitions,
        *rendered.rights,
        *rendered.properties,
        *rendered.watcher,
        *rendered.dns,
    )


def parts(settings: InstallSettings) -> Parts:
    """Return the same manifests by the steps of an install."""
    return Parts(
        namespace=_namespace(),
        definitions=custom_resource_definitions(),
        rights=(*importer_rbac(), *watcher_rbac(role_arn=settings.watcher_role_arn), *people_rbac()),
        properties=cluster_properties(cluster=settings.cluster, clusterset=settings.watcher.clusterset),
        watcher=watcher_manifests(settings.watcher),
        dns=stub_zone_manifests(settings.stub_zone) if settings.dns is DnsMode.STUB_ZONE else (),
    )


def _namespace() -> Manifest:
    metadata = cluster_wide(SYSTEM_NAMESPACE, MANAGED_BY)
    metadata["labels"] |= {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
