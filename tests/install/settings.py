"""One member's settings with good defaults."""

from typing import Any

from cloudmap_mcs.domain.installation import DnsMode
from cloudmap_mcs.install.bundle import Archive, Bundle
from cloudmap_mcs.install.rendering import InstallSettings
from cloudmap_mcs.install.watcher import WatcherDeployment

A_BUNDLE = Bundle(
    region="eu-central-1",
    bucket="assets-of-the-deploy",
    arm64=Archive(key="arm.zip", sha256="a" * 64),
    amd64=Archive(key="amd.zip", sha256="b" * 64),
)


def a_watcher(**changes: Any) -> WatcherDeployment:
    defaults: dict[str, Any] = {
        "clusterset": "example",
        "members": ("east", "west"),
        "namespace_id": "ns-abcdefghijklmnop",
        "bus_arn": "arn:aws:events:us-east-1:123456789012:event-bus/cloudmap-mcs-example",
        "hub_region": "us-east-1",
        "resync_seconds": 300,
        "code": A_BUNDLE,
    }
    return WatcherDeployment(**defaults | changes)


def an_install(*, dns: DnsMode = DnsMode.MANAGED, watcher_role_arn: str = "", **changes: Any) -> InstallSettings:
    return InstallSettings(cluster="east", watcher=a_watcher(**changes), dns=dns, watcher_role_arn=watcher_role_arn)
