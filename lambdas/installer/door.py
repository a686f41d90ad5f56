"""What the installer does with one member cluster, once its adapters are built."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from cloudmap_mcs.cloudmap.translation import DeniedError
from cloudmap_mcs.domain.model import cluster_id
from cloudmap_mcs.domain.preflight import Hosting
from cloudmap_mcs.errors import PermanentError, RetryableError, UnreachableError
from cloudmap_mcs.kube.eks import ClusterGoneError, ClusterLeavingError, EksDeniedError
from cloudmap_mcs.kube.failures import ForbiddenError, TokenRefusedError
from cloudmap_mcs.ports import Objects
from cloudmap_mcs.reconcile.installing.coredns import DnsAddon
from cloudmap_mcs.reconcile.installing.departing import Departer, RegistryClearer
from cloudmap_mcs.reconcile.installing.installer import Installed, Installer, accept
from cloudmap_mcs.reconcile.installing.naming import ClusterDns, DnsRules
from cloudmap_mcs.reconcile.installing.patience import OutOfTimeError, Patience
from cloudmap_mcs.reconcile.installing.surveying import KUBE_SYSTEM, Wanted

T = TypeVar("T")

_ATTEMPTS: Final = 5
_FIRST_PAUSE: Final = 2.0
_DENIALS: Final = 12
_DENIED_PAUSE: Final = 5.0
_COREDNS: Final = "coredns"
_NO_WAY_IN: Final = (
    "See that the function reaches the API server and has its access entry (network: in clusterset.yaml). Then delete "
    "the stack again, or put the cluster's entry back, deploy, and take it out once more. To give up what is in the "
    "cluster: aws cloudformation delete-stack --retain-resources, with this resource"
)


class Eks(Protocol):
    """The cluster as its own API describes it (`kube.eks.EksHosting`)."""

    def look(self) -> Hosting: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One cluster and the registry. `addon` counts only where EKS manages CoreDNS."""

    eks: Eks
    objects: Objects
    registry: RegistryClearer
    rules: DnsRules
    addon: DnsAddon
    patience: Patience

    def look(self, wanted: Wanted) -> None:
        """Refuse the cluster for what EKS says of it; neither its API server nor Cloud Map is asked."""
        accept(wanted, self._described())

    def join(self, wanted: Wanted, approved: Callable[[], None]) -> Installed:
        """Install; `approved` is called when the preflight is over and before anything is changed."""
        hosting = self._described()
        installer = self._installer(hosting)
        found = self._steadily(lambda: self._once_allowed(lambda: installer.approve(wanted, hosting)))
        approved()
        return self._steadily(lambda: installer.bring_in(wanted, found))

    def leave(self, wanted: Wanted) -> Installed:
        """Uninstall and clear the registry; of a cluster that is gone, what the registry still has."""
        hosting = self._hosting_if_any()
        if hosting is None:
            gone = Installed((), ("the cluster does not exist any more",))
            return self._depart(wanted, None, gone)
        installer = self._installer(hosting)
        try:
            if successor := self._steadily(lambda: installer.successor(wanted)):
                return Installed((), (f"cluster and records were left alone: {successor} has installed it since",))
            done = self._steadily(lambda: installer.uninstall(wanted))
            owner = self._steadily(self._owner)
        except (UnreachableError, TokenRefusedError, ForbiddenError) as error:
            raise PermanentError(f"{error}. {_NO_WAY_IN}") from error
        return self._depart(wanted, owner, done)

    def _depart(self, wanted: Wanted, owner: str | None, done: Installed) -> Installed:
        departer = Departer(self.registry, self.patience)
        departed = self._steadily(lambda: departer.depart(cluster_id(wanted.cluster), owner))
        return Installed((*done.done, f"{departed.instances} records"), (*done.told, *departed.told))

    def _installer(self, hosting: Hosting) -> Installer:
        addon = self.addon if _COREDNS in hosting.addons else None
        return Installer(
            self.objects, self.registry, ClusterDns(self.objects, self.rules, self.patience, addon), self.patience
        )

    def _described(self) -> Hosting:
        return self._steadily(lambda: self._once_allowed(self.eks.look))

    def _once_allowed(self, act: Callable[[], T]) -> T:
        """Do what EKS and Cloud Map have to let the role do, which may be seconds old."""
        for _ in range(_DENIALS):
            try:
                return act()
            except (EksDeniedError, DeniedError) as error:
                self.patience.pause(_DENIED_PAUSE, f"the last failure was: {error}")
        return act()

    def _hosting_if_any(self) -> Hosting | None:
        """Look at the cluster; one that is being deleted is waited for, as its watcher may still be at work."""

        def look() -> tuple[Hosting | None] | None:
            try:
                return (self.eks.look(),)
            except ClusterGoneError:
                return (None,)
            except ClusterLeavingError:
                return None

        return self._steadily(lambda: self.patience.until("EKS is still deleting the cluster", look)[0])

    def _owner(self) -> str:
        kube_system = self.objects.find(KUBE_SYSTEM)
        return str(kube_system["metadata"]["uid"]) if kube_system else ""

    def _steadily(self, act: Callable[[], T]) -> T:
        """Do it again after a failure that passes by itself: every step may be repeated."""
        pause = _FIRST_PAUSE
        for _ in range(1, _ATTEMPTS):
            try:
                return act()
            except OutOfTimeError:
                raise
            except RetryableError as error:
                self.patience.pause(max(pause, error.retry_after or 0), f"the last failure was: {error}")
            pause *= 2
        return act()
