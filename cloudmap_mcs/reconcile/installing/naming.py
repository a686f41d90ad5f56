"""Let the cluster's DNS answer for the clusterset's zone in one of three ways, and take that back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from cloudmap_mcs.domain.installation import DnsMode, Manifest, Reference, Right, reference
from cloudmap_mcs.domain.preflight import DnsSeen
from cloudmap_mcs.domain.wellknown import MANAGED_BY
from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.ports import Objects
from cloudmap_mcs.reconcile.installing.applying import Applier
from cloudmap_mcs.reconcile.installing.coredns import CoreDns, CorefileKeeper, DnsAddon
from cloudmap_mcs.reconcile.installing.owndns import SETTLE_SECONDS, OwnDns
from cloudmap_mcs.reconcile.installing.patience import Patience

_RIGHTS: Final = tuple(Right(verb, "multicluster.x-k8s.io", "serviceimports") for verb in ("list", "watch"))
_ANY_ADDRESS: Final = ("192.0.2.53",)
"""An address for documentation (RFC 5737): whether a Corefile can be edited does not depend on it."""

_NOT_YET: Final = (
    "the Corefile in the cluster is not the edited one; somebody else writes it, too, of whom its ConfigMap tells "
    "(kubectl get configmap --show-managed-fields): have them make the same edit, or set dns: manual"
)


class DnsRules(Protocol):
    """What is known about CoreDNS, as pure functions: the module `install.dns`.

    `served`, `forwarded` and `untouched` return the Corefile in which the cluster's CoreDNS serves the zone itself,
    forwards it, or is as it was; each takes out what another has put in. All on Corefiles may raise PermanentError.
    """

    def supports_multicluster(self, version: str) -> bool: ...

    def is_served(self, corefile: str) -> bool: ...

    def is_forwarded(self, corefile: str, addresses: Sequence[str]) -> bool: ...

    def has_server(self, corefile: str) -> bool: ...

    def served(self, corefile: str) -> str: ...

    def forwarded(self, corefile: str, addresses: Sequence[str]) -> str: ...

    def untouched(self, corefile: str) -> str: ...

    def rights(self, *, account: str = ..., namespace: str = ...) -> Sequence[Manifest]: ...

    def own_dns(self) -> tuple[Reference, ...]: ...


@dataclass(frozen=True, slots=True)
class ClusterDns:
    """The DNS of one cluster. `addon` is given where CoreDNS is a managed add-on.

    `settle_seconds`: after so long no Pod of the cluster's CoreDNS goes on with a Corefile from before.
    """

    objects: Objects
    rules: DnsRules
    patience: Patience
    addon: DnsAddon | None = None
    settle_seconds: float = SETTLE_SECONDS

    def see(self, mode: DnsMode = DnsMode.MANAGED) -> DnsSeen | None:
        """Look at CoreDNS and judge whether it can be brought into this mode; None if there is none to be seen."""
        try:
            there = self._keeper.find()
            text = self._keeper.read(there) if there else ""
        except PermanentError as error:
            return DnsSeen(version="", is_capable=True, problem=str(error), can_forward=False)
        if there is None:
            return None
        addresses = self._own.addresses() or _ANY_ADDRESS
        obstacle = _problem(lambda: self.rules.forwarded(text, addresses))
        if mode is DnsMode.STUB_ZONE:
            return DnsSeen(version=there.version, is_capable=True, problem=obstacle)
        return replace(self._as_server(there.version, text, mode), can_forward=not obstacle)

    def is_bypassed(self) -> bool:
        """Say whether a cache on the nodes sends the zone past CoreDNS, or may do so."""
        text = self._keeper.node_cache()
        if text is None:
            return False
        try:
            return not self.rules.has_server(text)
        except PermanentError:
            return True

    def turn_on(self, mode: DnsMode, own: Sequence[Manifest] = ()) -> tuple[str, ...]:
        """Bring the cluster's DNS into this mode, and take out what another mode had put in.

        `own` is the CoreDNS of our own (`Parts.dns`). Returns what a person should know.
        """
        if mode is DnsMode.STUB_ZONE:
            self._forward(own)
        elif mode is DnsMode.MANAGED:
            self._serve()
        else:
            return self._leave_to_a_person()
        return ()

    def turn_off(self) -> str | None:
        """Take our edit back, then our CoreDNS and the rights; return why the cluster's keeps its rights, if it does.

        It does while a Corefile has the option, which a person may have written. One that runs on the old Corefile for
        another minute keeps the answers it has.
        """
        try:
            text = self._keeper.edit(self.rules.untouched)
            kept = "a person has put the option multicluster into the Corefile" if self.rules.is_served(text) else None
        except PermanentError as error:
            kept = str(error)
        self._own.remove()
        if kept:
            return f"CoreDNS keeps its rights: {kept}"
        self._take_rights()
        return None

    @property
    def _keeper(self) -> CorefileKeeper:
        return CorefileKeeper(self.objects, self.addon)

    @property
    def _own(self) -> OwnDns:
        return OwnDns(self.objects, self.patience, self.rules.own_dns(), self.settle_seconds)

    @property
    def _applier(self) -> Applier:
        return Applier(self.objects, self.patience)

    def _as_server(self, version: str, text: str, mode: DnsMode) -> DnsSeen:
        """Judge whether CoreDNS can serve the zone itself; a person may also have seen to a server for it."""
        try:
            is_capable = self.rules.supports_multicluster(version)
        except PermanentError as error:
            return DnsSeen(version=version, is_capable=True, problem=str(error))
        try:
            # Where a person sees to the DNS, edits of ours are about to go, and any server for the zone is theirs.
            before = self.rules.untouched(text) if mode is DnsMode.MANUAL else text
            is_theirs = mode is DnsMode.MANUAL and self.rules.has_server(before)
            after = before if is_theirs else self.rules.served(before)
            is_enabled = is_theirs or self.rules.is_served(before)
        except PermanentError as error:
            return DnsSeen(version=version, is_capable=is_capable, problem=str(error))
        # A line that a person writes must not bear our mark, or we would take it out one day.
        unmarked = (line.partition(f" # added by {MANAGED_BY}")[0] for line in after.splitlines())
        lines = tuple(line.strip() for line in unmarked if line not in before.splitlines())
        return DnsSeen(version=version, is_capable=is_capable, is_enabled=is_enabled, lines=lines)

    def _serve(self) -> None:
        """Give CoreDNS its rights, have the API server confirm them, and only then edit the Corefile.

        Without the rights CoreDNS never becomes ready and fails unknown names of the cluster itself.
        """
        there = self._keeper.find()
        if there is None:
            return
        self._give_rights(there)
        self._keeper.edit(self.rules.served)
        self.patience.until(_NOT_YET, lambda: self._keeper.holds(self.rules.is_served))
        self._own.leave()

    def _forward(self, own: Sequence[Manifest]) -> None:
        """Have our own CoreDNS answer before the cluster's forwards anything to it."""
        if self._keeper.find() is None:
            return
        addresses = self._own.bring_in(own)
        self._keeper.edit(lambda text: self.rules.forwarded(text, addresses))
        self.patience.until(_NOT_YET, lambda: self._keeper.holds(lambda text: self.rules.is_forwarded(text, addresses)))
        self._take_rights()

    def _leave_to_a_person(self) -> tuple[str, ...]:
        """Give CoreDNS its rights, unless it cannot be told which it is, and take our edits back if there are any."""
        try:
            there = self._keeper.find()
        except PermanentError:
            return ()
        if there is not None:
            self._give_rights(there)
        try:
            self._keeper.edit(self.rules.untouched)
        except PermanentError as error:
            return (str(error),)
        self._own.leave()
        return ()

    def _give_rights(self, there: CoreDns) -> None:
        self._applier.apply(self.rules.rights(account=there.account.name, namespace=there.account.namespace))
        for right in _RIGHTS:
            self.patience.until(
                f"the API server does not let CoreDNS ({there.account}) {right} yet",
                lambda right=right: True if self.objects.may(there.account, right) else None,  # type: ignore[misc]
            )

    def _take_rights(self) -> None:
        self._applier.withdraw(map(reference, reversed(self.rules.rights())))


def _problem(attempt: Callable[[], object]) -> str:
    """Say what keeps an edit from being made; empty if nothing does."""
    try:
        attempt()
    except PermanentError as error:
        return str(error)
    return ""
