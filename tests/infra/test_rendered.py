"""`mcsctl render` prints what the installer applies: both come to the same settings by different ways."""

from types import SimpleNamespace
from typing import Any

import pytest

from cloudmap_mcs.cli.installing import Deployed, install_settings
from cloudmap_mcs.clusterset import Clusterset, parse
from cloudmap_mcs.domain.installation import DnsMode
from cloudmap_mcs.settings import InstallerSettings
from infra.installation import RESOURCE_TYPE, properties
from infra.names import ClusterNames
from lambdas.installer.properties import Order, order
from tests.infra.conftest import EXAMPLE, Stack


def ordered(given: dict[str, Any], clusterset: Clusterset) -> Order:
    deployed = InstallerSettings(clusterset=clusterset.clusterset, hub_region=clusterset.hub.region)
    return order(given, deployed)


def deployed(found: Order) -> Deployed:
    """What only the deploy knows, as the installer was told it."""
    watcher = found.settings.watcher
    return Deployed(
        namespace_id=watcher.namespace_id,
        bus_arn=watcher.bus_arn,
        code=watcher.code,
        watcher_role_arn=found.settings.watcher_role_arn,
    )


@pytest.mark.parametrize("cluster", ["east", "west"])
def test_of_the_stack_of_the_example(members: Stack, cluster: str) -> None:
    clusterset = parse(EXAMPLE, source="the example")
    given = {name: members.text(value) for name, value in members.one(RESOURCE_TYPE, Cluster=cluster).items()}
    given |= {"NamespaceId": "ns-0123456789abcdef", "BundleBucket": "assets"}
    found = ordered(given, clusterset)

    (wanted,) = (each for each in clusterset.clusters if each.id == cluster)
    assert install_settings(clusterset, wanted, deployed(found)) == found.settings


def test_of_every_key_that_a_watcher_and_its_dns_have() -> None:
    clusterset = parse(
        """
clusterset: prod
hub: {account: "123456789012", region: eu-west-1}
resync_minutes: 10
watcher: {replicas: 3, log_level: WARNING, image: "registry.example/watcher:1", priority_class: platform}
stub_zone: {image: "registry.example/coredns:v1.14.0", replicas: 4}
clusters:
  - {id: east, eks: prod-east, dns: stub-zone, identity: irsa, oidc_issuer: "https://oidc.example/id/0123ABCD"}
  - {id: west, eks: prod-west, dns: manual}
""",
        source="here",
    )
    for cluster in clusterset.clusters:
        given = properties(a_shared(clusterset), cluster, published=None, partition="aws")
        found = ordered(given, clusterset)

        assert install_settings(clusterset, cluster, deployed(found)) == found.settings
        assert found.settings.dns is DnsMode(cluster.dns)
        assert found.settings.stub_zone.priority_class == "platform"
        assert found.wanted.uses_pod_identity is (cluster.id == "west")


def a_shared(clusterset: Clusterset) -> Any:
    """Return what `properties` looks at, without a synth."""
    return SimpleNamespace(
        clusterset=clusterset,
        namespace_id="ns-0123456789abcdef",
        resync_seconds=clusterset.resync_minutes * 60,
        registry=SimpleNamespace(bus="arn:aws:events:eu-west-1:123456789012:event-bus/cloudmap-mcs-prod"),
        code=SimpleNamespace(digest="0"),
        names_of=lambda cluster: ClusterNames(clusterset.clusterset, cluster.id, cluster.region),
    )
