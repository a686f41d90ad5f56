"""Bring in a CoreDNS of our own that answers for the clusterset's zone, and take it away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cloudmap_mcs.domain.installation import (
    Account,
    Manifest,
    Reference,
    Right,
    given_up,
    is_ours,
    missing_pods,
    reference,
    rights_in,
)
from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.ports import Objects
from cloudmap_mcs.reconcile.installing.applying import Applier
from cloudmap_mcs.reconcile.installing.patience import Patience

SETTLE_SECONDS: Final = 120.0
"""Kubelets bring a changed ConfigMap within a minute or so, and CoreDNS's plugin `reload` looks every 30 to 45 s."""


@dataclass(frozen=True, slots=True)
class OwnDns:
    """The CoreDNS of our own in one cluster. `known` are its objects, in the order in which they go in.

    `settle_seconds` is how long the cluster's CoreDNS may go on with its old Corefile.
    """

    objects: Objects
    patience: Patience
    known: tuple[Reference, ...]
    settle_seconds: float = SETTLE_SECONDS

    def bring_in(self, manifests: Sequence[Manifest]) -> tuple[str, ...]:
        """Bring it in or up to date, and return the addresses of its Service once every Pod answers for the zone.

        The API server has confirmed its rights by then, and the Pods are ready, which CoreDNS is when it has read all
        ServiceImports. PermanentError if Kubernetes has given its Pods up.
        """
        Applier(self.objects, self.patience).apply(manifests)
        for account, right in _claims(manifests):
            self.patience.until(
                f"the API server does not let our CoreDNS ({account}) {right} yet",
                lambda account=account, right=right: True if self.objects.may(account, right) else None,  # type: ignore[misc]
            )
        (deployment,) = (reference(manifest) for manifest in manifests if manifest["kind"] == "Deployment")
        self._await(deployment)
        addresses = self.addresses()
        if not addresses:
            raise PermanentError(f"{self._service} has no cluster IP, to which clusterset.local could be forwarded")
        return addresses

    def addresses(self) -> tuple[str, ...]:
        """Return the cluster IPs of its Service, one for each IP family; none if there is no Service."""
        found = self.objects.find(self._service)
        spec = found["spec"] if found else {}
        given = spec.get("clusterIPs") or [spec.get("clusterIP", "")]
        return tuple(address for address in given if address not in ("", "None"))

    def is_there(self) -> bool:
        """Say whether the cluster's CoreDNS may still be asking it."""
        found = self.objects.find(self._service)
        return found is not None and is_ours(found)

    def leave(self) -> None:
        """Take it away once nobody asks it any more, where the Corefile does not forward to it any longer."""
        if self.is_there():
            what = "our own CoreDNS is removed when the cluster's does not forward to it any more"
            self.patience.pause(self.settle_seconds, what)
        self.remove()

    def remove(self) -> None:
        """Take it away at once."""
        Applier(self.objects, self.patience).withdraw(reversed(self.known))

    @property
    def _service(self) -> Reference:
        return next(known for known in self.known if known.kind == "Service")

    def _await(self, deployment: Reference) -> None:
        look_for = f"kubectl -n {deployment.namespace} describe pods -l app.kubernetes.io/component={deployment.name}"
        while missing := self._missing(deployment, look_for):
            self.patience.pause(1.0, f"{deployment}: {missing}; see {look_for}")

    def _missing(self, deployment: Reference, look_for: str) -> str:
        found = self.objects.find(deployment)
        if found is None:
            return "it is not there"
        if why := given_up(found):
            raise PermanentError(f"{deployment} does not become ready: {why.rstrip('.')}; see {look_for}")
        return missing_pods(found)


def _claims(manifests: Sequence[Manifest]) -> list[tuple[Account, Right]]:
    """Pair every account among the manifests with every right among them."""
    accounts = [reference(manifest) for manifest in manifests if manifest["kind"] == "ServiceAccount"]
    roles = [manifest for manifest in manifests if manifest["kind"] == "ClusterRole"]
    return [
        (Account(account.namespace, account.name), right)
        for account in accounts
        for role in roles
        for right in rights_in(role)
    ]
