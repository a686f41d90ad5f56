"""Look at everything that the preflight judges; changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from cloudmap_mcs.domain.definitions import Step
from cloudmap_mcs.domain.installation import DnsMode, Manifest, Parts, Reference, is_ours, reference
from cloudmap_mcs.domain.model import ClusterId, cluster_id
from cloudmap_mcs.domain.others import GKE, SIGNS
from cloudmap_mcs.domain.preflight import Facts, Hosting, Sighting
from cloudmap_mcs.errors import McsError, PermanentError, RetryableError, UnreachableError
from cloudmap_mcs.ports import Member, Objects
from cloudmap_mcs.reconcile.installing.defining import Definer, why_refused
from cloudmap_mcs.reconcile.installing.naming import ClusterDns
from cloudmap_mcs.reconcile.installing.patience import Patience

T = TypeVar("T")

KUBE_SYSTEM: Final = Reference("v1", "Namespace", "kube-system")
_AGENT: Final = Reference("apps/v1", "DaemonSet", "eks-pod-identity-agent", "kube-system")

_ATTEMPTS: Final = 4
_PAUSE: Final = 5.0

_MCS_VERSIONS: Final = ("multicluster.x-k8s.io/v1beta1", "multicluster.x-k8s.io/v1alpha1")
_ABOUT_VERSIONS: Final = ("about.k8s.io/v1beta1", "about.k8s.io/v1alpha1")


class Members(Protocol):
    """The one call to a registry that a preflight makes."""

    def read_member(self, cluster: ClusterId) -> Member | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one cluster is to get: its id in the clusterset, the rendered parts and how its DNS is done.

    `stack` is on whose behalf, by the ARN of a CloudFormation stack.
    """

    cluster: str
    parts: Parts
    stack: str = ""
    dns: DnsMode = DnsMode.MANAGED
    uses_pod_identity: bool = True


@dataclass(frozen=True, slots=True)
class Surveyor:
    """Reads the cluster and the registry."""

    objects: Objects
    members: Members
    dns: ClusterDns
    definer: Definer
    patience: Patience

    def facts(self, wanted: Wanted, hosting: Hosting) -> Facts:
        """Gather the facts. An API server that fails and a registry out of reach are facts, other failures errors."""
        sighting, unreached = None, ""
        try:
            kube_system = self._patiently(lambda: self.objects.find(KUBE_SYSTEM))
        except McsError as error:
            unreached = str(error)
        else:
            sighting = self._look(wanted, owner=kube_system["metadata"]["uid"] if kube_system else "")
        registered, unanswered = None, ""
        try:
            registered = self._patiently(lambda: self._registered(wanted.cluster))
        except UnreachableError as error:
            unanswered = str(error)
        return Facts(
            cluster=wanted.cluster,
            hosting=hosting,
            dns=wanted.dns,
            uses_pod_identity=wanted.uses_pod_identity,
            unreached=unreached,
            sighting=sighting,
            registered=registered,
            unanswered=unanswered,
        )

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Ask again after a failure that may pass: as a finding it would undo a whole deploy."""
        for _ in range(1, _ATTEMPTS):
            try:
                return ask()
            except RetryableError as error:
                self.patience.pause(_PAUSE, str(error))
        return ask()

    def _registered(self, cluster: str) -> str | None:
        try:
            known = cluster_id(cluster)
        except PermanentError:
            return None  # a finding of its own
        member = self.members.read_member(known)
        return member.owner if member else None

    def _look(self, wanted: Wanted, *, owner: str) -> Sighting:
        return Sighting(
            owner=owner,
            others=self._others(),
            is_gke_served=self.objects.serves(*GKE),
            foreign_imports=self._foreign_imports(),
            blocked=self._blocked(wanted.parts),
            foreign=self._foreign(wanted.parts),
            properties=self.properties(wanted.parts),
            dns=self.dns.see(wanted.dns),
            is_dns_bypassed=self.dns.is_bypassed(),
            has_identity_agent=self.objects.find(_AGENT) is not None,
        )

    def _others(self) -> tuple[tuple[str, str], ...]:
        seen = [(sign, self.objects.find(sign.shown_by)) for sign in SIGNS]
        return tuple(
            (sign.implementation, str(sign.shown_by)) for sign, found in seen if found and sign.is_at_work(found)
        )

    def _foreign_imports(self) -> tuple[str, ...]:
        """List ServiceImports without our mark, in the newest version that is served."""
        for version in _MCS_VERSIONS:
            if self.objects.serves(version, "ServiceImport"):
                found = [reference(item) for item in self.objects.all_of(version, "ServiceImport") if not is_ours(item)]
                return tuple(f"{item.namespace}/{item.name}" for item in sorted(found))
        return ()

    def _blocked(self, parts: Parts) -> tuple[tuple[str, str], ...]:
        refused = [reference(ours) for ours in parts.definitions if self.definer.judge(ours) is Step.REFUSE]
        return tuple((there.name, why_refused(self.objects.find(there))) for there in refused)

    def _foreign(self, parts: Parts) -> tuple[Reference, ...]:
        found = [self.objects.find(reference(manifest)) for manifest in parts.own]
        return tuple(reference(there) for there in found if there is not None and not is_ours(there))

    def properties(self, parts: Parts) -> tuple[tuple[str, str, str], ...]:
        """List the ClusterProperties that hold another value: name, ours and theirs."""
        differing = []
        for manifest in parts.properties:
            found, value = self._property(manifest["metadata"]["name"]), manifest["spec"]["value"]
            if found is not None and found["spec"].get("value") != value:
                differing.append((manifest["metadata"]["name"], value, str(found["spec"].get("value"))))
        return tuple(differing)

    def _property(self, name: str) -> Manifest | None:
        """Find a ClusterProperty, also where an old definition serves the old version only."""
        for version in _ABOUT_VERSIONS:
            if self.objects.serves(version, "ClusterProperty"):
                return self.objects.find(Reference(version, "ClusterProperty", name))
        return None
