"""CoreDNS as a managed add-on, and what of EKS that takes: the add-on's settings come into the cluster."""

import json
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from sandbox.controlplane.client import KubeClient
from tests.e2e.waiting import eventually
from tests.install.corefile_texts import COREFILES

ADDON = "coredns"
_SYSTEM = "/api/v1/namespaces/kube-system"
_APPS = "/apis/apps/v1/namespaces/kube-system"
_LABELS = {"k8s-app": "kube-dns"}
_POLL_SECONDS = 0.2


@dataclass
class ManagedCoreDns:
    """The add-on of one cluster; while it is entered, EKS looks after it. `eks` is an administrator's client."""

    client: KubeClient
    eks: Any
    cluster: str
    _ending: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._look_after, name=f"eks-{self.cluster}", daemon=True)

    def __enter__(self) -> Self:
        """Make it as EKS does; return when the cluster's controllers have done their part."""
        metadata = {"name": ADDON, "labels": _LABELS}
        self.client.create(f"{_SYSTEM}/configmaps", {"metadata": metadata, "data": {"Corefile": COREFILES["eks"]}})
        # No Pod of it is needed here.
        self.client.create(f"{_APPS}/deployments", {"metadata": metadata, "spec": {"replicas": 0, **_spec()}})
        eventually("CoreDNS has settled", self._has_settled)
        self.eks.create_addon(clusterName=self.cluster, addonName=ADDON, addonVersion="v1.13.1-eksbuild.1")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._thread.join()

    @property
    def corefile(self) -> str:
        """What the cluster's CoreDNS reads."""
        return str(self.client.get(f"{_SYSTEM}/configmaps/{ADDON}")["data"]["Corefile"])

    def _has_settled(self) -> bool:
        found = [
            item
            for kind in ("deployments", "replicasets")
            for item in self.client.get(f"{_APPS}/{kind}?labelSelector=k8s-app%3Dkube-dns")["items"]
        ]
        return len(found) == 2 and all(item["status"].get("observedGeneration") for item in found)

    def _look_after(self) -> None:
        while not self._ending.wait(_POLL_SECONDS):
            addon = self.eks.describe_addon(clusterName=self.cluster, addonName=ADDON)["addon"]
            wanted = json.loads(addon.get("configurationValues") or "{}").get("corefile", COREFILES["eks"])
            if self.corefile != wanted:
                self.client.patch(f"{_SYSTEM}/configmaps/{ADDON}", {"data": {"Corefile": wanted}})


def _spec() -> dict[str, Any]:
    container = {"name": ADDON, "image": "registry.example/eks/coredns:v1.13.1-eksbuild.1"}
    volume = {"name": "config", "configMap": {"name": ADDON}}
    pod = {"serviceAccountName": ADDON, "containers": [container], "volumes": [volume]}
    return {"selector": {"matchLabels": _LABELS}, "template": {"metadata": {"labels": _LABELS}, "spec": pod}}
