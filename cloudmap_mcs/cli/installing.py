"""What clusterset.yaml and a deploy say of one cluster, as the settings that its manifests are made from."""

from dataclasses import dataclass

from cloudmap_mcs.clusterset import Cluster, Clusterset
from cloudmap_mcs.domain.installation import DnsMode
from cloudmap_mcs.install.bundle import Bundle, OwnImage
from cloudmap_mcs.install.rendering import InstallSettings
from cloudmap_mcs.install.stub_zone import StubZone
from cloudmap_mcs.install.watcher import WatcherDeployment


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What the file does not say: the hub's namespace (id or ARN) and bus, the watcher's code, and its role by IRSA."""

    namespace_id: str
    bus_arn: str
    code: Bundle | OwnImage
    watcher_role_arn: str = ""


def is_at_hub(clusterset: Clusterset, cluster: Cluster) -> bool:
    """Say whether a cluster and its functions are in the hub's account and Region; all others need the ARN."""
    accounts = {cluster.account, cluster.functions_account, clusterset.hub.account}
    return len(accounts) == 1 and cluster.region == clusterset.hub.region


def install_settings(clusterset: Clusterset, cluster: Cluster, deployed: Deployed) -> InstallSettings:
    """Return what the installer function, which gets the same from the deploy, installs into this cluster."""
    watcher = clusterset.watcher
    return InstallSettings(
        cluster=cluster.id,
        watcher=WatcherDeployment(
            clusterset=clusterset.clusterset,
            members=clusterset.members,
            namespace_id=deployed.namespace_id,
            bus_arn=deployed.bus_arn,
            hub_region=clusterset.hub.region,
            resync_seconds=clusterset.resync_minutes * 60,
            code=deployed.code,
            replicas=watcher.replicas,
            log_level=watcher.log_level,
            priority_class=watcher.priority_class,
        ),
        dns=DnsMode(cluster.dns),
        stub_zone=StubZone(
            image=clusterset.stub_zone.image,
            replicas=clusterset.stub_zone.replicas,
            priority_class=watcher.priority_class,
        ),
        watcher_role_arn=deployed.watcher_role_arn if cluster.identity == "irsa" else "",
    )
