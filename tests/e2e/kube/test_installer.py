"""The installer's door on a real API server: all goes in, again without a change, and all comes out again."""

from collections.abc import Iterator
from typing import Any

import pytest

from cloudmap_mcs.clock import SystemClock
from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.install import dns
from cloudmap_mcs.kube.client import KubeClient
from cloudmap_mcs.kube.coredns_addon import CoreDnsAddon
from cloudmap_mcs.kube.eks import EksHosting
from cloudmap_mcs.kube.installing import KubeObjects
from cloudmap_mcs.reconcile.installing.patience import Patience, PatientClock
from cloudmap_mcs.reconcile.installing.surveying import Wanted
from lambdas.installer.door import Door
from lambdas.installer.properties import order
from sandbox.controlplane.applying import apply
from sandbox.controlplane.client import ApiRefusedError
from sandbox.controlplane.client import KubeClient as Bystander
from tests.e2e.kube.lab import MCS
from tests.e2e.waiting import eventually
from tests.fakes.clearing import RegistryInMemory
from tests.install.corefile_texts import COREFILES, STOCK_EKS_ENABLED
from tests.lambdas.installer.requests import STACK, properties
from tests.lambdas.installer.rig import DEPLOYED, Eks
from tests.reconcile.installing.rig import coredns

pytestmark = pytest.mark.e2e

ROLE = "arn:aws:iam::123456789012:role/watcher"
CONFIG = "/api/v1/namespaces/kube-system/configmaps/coredns"
DEPLOYMENT = "/apis/apps/v1/namespaces/kube-system/deployments/coredns"
DERIVED = "/api/v1/namespaces/default/services"
LISTS = (
    "/api/v1/namespaces",
    "/api/v1/serviceaccounts",
    "/api/v1/services",
    "/api/v1/configmaps",
    "/apis/apps/v1/deployments",
    "/apis/policy/v1/poddisruptionbudgets",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "/apis/rbac.authorization.k8s.io/v1/roles",
    "/apis/rbac.authorization.k8s.io/v1/rolebindings",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/about.k8s.io/v1beta1/clusterproperties",
    f"{MCS}/serviceexports",
    f"{MCS}/serviceimports",
)


class Setting:
    """A door to the control plane; EKS and the registry are played."""

    def __init__(self, client: KubeClient, bystander: Bystander) -> None:
        self.bystander = bystander
        self.registry = RegistryInMemory()
        self.wanted = self.with_settings()
        clock = SystemClock()
        patience = Patience(clock, clock.now_ms() + 120_000)
        waiting, eks = PatientClock(patience), Eks()
        self.door = Door(
            eks=EksHosting(eks, "prod-east"),
            objects=KubeObjects(client, waiting),
            registry=self.registry,
            rules=dns,
            addon=CoreDnsAddon(eks, "prod-east", waiting),
            patience=patience,
        )

    def with_settings(self, **changes: str | None) -> Wanted:
        return order(properties(**changes), DEPLOYED).wanted(STACK)

    def join(self, wanted: Wanted | None = None) -> tuple[str, ...]:
        return self.door.join(wanted or self.wanted, lambda: None).done

    def objects(self) -> dict[str, str]:
        """Give the version of every object, but for those that Kubernetes itself keeps in every namespace."""
        found: dict[str, str] = {}
        for path in LISTS:
            for item in self.bystander.get(path)["items"]:
                metadata = item["metadata"]
                if metadata["name"] not in {"default", "kube-root-ca.crt"}:
                    place = f"{path} {metadata.get('namespace', '')}/{metadata['name']}"
                    found[place] = metadata["resourceVersion"]
        return found

    def can_list(self) -> bool:
        try:
            self.objects()
        except ApiRefusedError:
            return False
        return True

    @property
    def corefile(self) -> str:
        return str(self.bystander.get(CONFIG)["data"]["Corefile"])


@pytest.fixture
def setting(client: KubeClient, bystander: Bystander) -> Iterator[Setting]:
    config, deployment = coredns()
    labels = {"k8s-app": "kube-dns"}
    deployment["spec"]["replicas"] = 0
    deployment["spec"]["selector"] = {"matchLabels": labels}
    deployment["spec"]["template"]["metadata"] = {"labels": labels}
    apply(bystander, [config, deployment])
    setting = Setting(client, bystander)
    eventually("all kinds can be listed", setting.can_list)  # a definition that is new is not stored anywhere yet
    setting.door.leave(setting.wanted)  # takes out what earlier tests imported into this control plane
    yield setting
    bystander.delete(DEPLOYMENT)
    bystander.delete(CONFIG)


def test_a_cluster_joins_changes_and_leaves(setting: Setting) -> None:
    before = setting.objects()

    assert setting.join() == ("namespace", "definitions", "rights", "properties", "watcher", "dns")
    assert setting.corefile == STOCK_EKS_ENABLED
    joined = without_status(setting.objects())
    setting.join()
    assert without_status(setting.objects()) == joined

    setting.join(setting.with_settings(WatcherLogLevel="DEBUG", Identity="irsa", WatcherRoleArn=ROLE))
    account = setting.bystander.get("/api/v1/namespaces/cloudmap-mcs-system/serviceaccounts/watcher")
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] == ROLE

    leave_something(setting)
    done = setting.door.leave(setting.wanted)

    assert done.done[-1] == "1 records"
    assert setting.corefile == COREFILES["eks"]
    assert set(setting.objects()) == set(before)
    assert setting.registry.records == set()


def leave_something(setting: Setting) -> None:
    """Have an importer and a watcher leave something behind."""
    ours: dict[str, Any] = {"name": "derived-0", "labels": {"app.kubernetes.io/managed-by": "cloudmap-mcs"}}
    setting.bystander.create(DERIVED, {"metadata": ours, "spec": {"ports": [{"port": 80}]}})
    setting.registry.records.add((ServiceKey("shop", "cart"), ClusterId("east")))


def without_status(objects: dict[str, str]) -> dict[str, str]:
    """Leave out what controllers keep writing."""
    return {
        place: version for place, version in objects.items() if "/deployments" not in place and "budget" not in place
    }
