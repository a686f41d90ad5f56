"""The installer's door on doubles: an API server in memory, EKS, Cloud Map and the add-on."""

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.install import dns
from cloudmap_mcs.kube.coredns_addon import CoreDnsAddon
from cloudmap_mcs.kube.eks import EksHosting
from cloudmap_mcs.kube.installing import KubeObjects
from cloudmap_mcs.ports import Member
from cloudmap_mcs.reconcile.installing.patience import Patience, PatientClock
from cloudmap_mcs.settings import InstallerSettings
from lambdas.customresource.request import read
from lambdas.customresource.response import Answer
from lambdas.installer.attending import Attendance
from lambdas.installer.door import Door
from tests.fakes.clearing import RegistryInMemory
from tests.fakes.clock import FixedClock
from tests.lambdas.installer.requests import an_event
from tests.reconcile.installing.rig import InstallRig

DEPLOYED = InstallerSettings("prod", "eu-west-1")


@dataclass
class Eks:
    """boto3's client `eks`, as far as it is used. Describing answers with `statuses` first, one by one."""

    described: dict[str, Any] = field(
        default_factory=lambda: {"version": "1.34", "accessConfig": {"authenticationMode": "API"}}
    )
    addons: list[str] = field(default_factory=lambda: ["eks-pod-identity-agent", "vpc-cni"])
    statuses: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    corefile: str = ""

    def describe_cluster(self, *, name: str) -> dict[str, Any]:
        assert name == "prod-east"
        if self.refusals:
            code = self.refusals[0] if len(self.refusals) == 1 else self.refusals.pop(0)
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeCluster")
        status = self.statuses.pop(0) if self.statuses else "ACTIVE"
        if status == "GONE":
            self.refusals = ["ResourceNotFoundException"]
            return self.describe_cluster(name=name)
        return {"cluster": {**self.described, "status": status}}

    def list_addons(self, *, clusterName: str, nextToken: str = "0") -> dict[str, Any]:  # noqa: N803  # boto3's
        assert clusterName == "prod-east"
        at = int(nextToken)
        more = {"nextToken": str(at + 1)} if at + 1 < len(self.addons) else {}
        return {"addons": self.addons[at : at + 1], **more}

    def describe_addon(self, **_: str) -> dict[str, Any]:
        return {"addon": {}}

    def update_addon(self, *, configurationValues: str, **_: str) -> dict[str, Any]:  # noqa: N803  # boto3's
        self.corefile = configurationValues
        return {"update": {"id": "u-1", "status": "InProgress"}}

    def describe_update(self, **_: str) -> dict[str, Any]:
        return {"update": {"id": "u-1", "status": "Successful"}}


class Rig:
    """One cluster `prod-east`, which is to be the member `east` of the clusterset `prod`."""

    def __init__(self) -> None:
        self.cluster = InstallRig()
        self.api = self.cluster.api
        self.clock: FixedClock = self.cluster.clock
        self.eks = Eks()
        self.registry = RegistryInMemory()
        self.opened = 0

    def attendance(self, event: dict[str, Any], *, seconds: float = 600) -> Attendance:
        patience = Patience(self.clock, self.clock.ms + int(seconds * 1000))
        return Attendance(read(event), lambda: DEPLOYED, lambda _: self.door(patience))

    def door(self, patience: Patience) -> Door:
        self.opened += 1
        waiting = PatientClock(patience)
        return Door(
            eks=EksHosting(self.eks, "prod-east"),
            objects=KubeObjects(self.api, waiting),
            registry=self.registry,
            rules=dns,
            addon=CoreDnsAddon(self.eks, "prod-east", waiting),
            patience=patience,
        )

    def attend(self, kind: str = "Create", *, seconds: float = 600, **more: Any) -> Answer:
        self.api.calls.clear()
        return self.attendance(an_event(kind, **more), seconds=seconds).attend()

    def register(self, *keys: ServiceKey, owner: str = "") -> None:
        """Write the member's entry and records, as its watcher would have."""
        east = ClusterId("east")
        self.registry.members[east] = Member(east, owner or self.cluster.owner, "1", (1,), 0, frozenset(keys))
        self.registry.records |= {(key, east) for key in keys}
        self.registry.services |= set(keys)
