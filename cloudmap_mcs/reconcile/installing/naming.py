"""Let the cluster's CoreDNS answer for the clusterset's zone, and take that back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from cloudmap_mcs.domain.installation import Account, DnsMode, Manifest, Reference, Right, is_ours, reference
from cloudmap_mcs.domain.preflight import DnsSeen
from cloudmap_mcs.domain.wellknown import MANAGED_BY
from cloudmap_mcs.errors import PermanentError, StaleError
from cloudmap_mcs.ports import Objects
from cloudmap_mcs.reconcile.installing.patience import Patience

_ATTEMPTS: Final = 3
_KEY: Final = "Corefile"
_RIGHTS: Final = tuple(Right(verb, "multicluster.x-k8s.io", "serviceimports") for verb in ("list", "watch"))


class DnsRules(Protocol):
    """What is known about CoreDNS, as pure functions (`install.corefile`, and `install.dns` for the rights)."""

    def supports_multicluster(self, version: str) -> bool: ...

    def is_enabled(self, corefile: str) -> bool: ...

    def enable(self, corefile: str) -> str: ...

    def disable(self, corefile: str) -> str: ...

    def rights(self, *, account: str = ..., namespace: str = ...) -> Sequence[Manifest]: ...


class DnsAddon(Protocol):
    """The Corefile in the settings of the managed add-on, which would overwrite one in the ConfigMap."""

    def corefile(self) -> str | None:
        """Return the text that the add-on is set to; None if it uses its own."""
        ...

    def write(self, corefile: str) -> None:
        """Set the add-on to this text, keep its other settings, and return when the update is done."""
        ...


@dataclass(frozen=True, slots=True)
class CoreDns:
    """The cluster's CoreDNS as found: its version, who it is, and the ConfigMap with its Corefile."""

    version: str
    account: Account
    config: Manifest

    @property
    def corefile(self) -> str:
        return str(self.config["data"][_KEY])


@dataclass(frozen=True, slots=True)
class ClusterDns:
    """The DNS of one cluster. `addon` is given where CoreDNS is a managed add-on."""

    objects: Objects
    rules: DnsRules
    patience: Patience
    addon: DnsAddon | None = None

    def see(self) -> DnsSeen | None:
        """Look at CoreDNS and judge whether it can be edited; None if there is none to be seen."""
        try:
            there = self._find()
        except PermanentError as error:
            return DnsSeen(version="", is_capable=True, problem=str(error))
        if there is None:
            return None
        try:
            is_capable = self.rules.supports_multicluster(there.version)
        except PermanentError as error:
            return DnsSeen(version=there.version, is_capable=True, problem=str(error))
        text = self._read(there)
        try:
            enabled = self.rules.enable(text)
            is_enabled = self.rules.is_enabled(text)
        except PermanentError as error:
            return DnsSeen(version=there.version, is_capable=is_capable, problem=str(error))
        # A line that a person writes must not bear our mark, or we would take it out one day.
        unmarked = (line.partition(f" # added by {MANAGED_BY}")[0] for line in enabled.splitlines())
        lines = tuple(line.strip() for line in unmarked if line not in text.splitlines())
        return DnsSeen(version=there.version, is_capable=is_capable, is_enabled=is_enabled, lines=lines)

    def turn_on(self, mode: DnsMode) -> None:
        """Give CoreDNS its rights, have the API server confirm them, and only then edit the Corefile.

        Without the rights CoreDNS never becomes ready and fails unknown names of the cluster itself.
        Where a person sees to the DNS, one that cannot be told for sure is left to them with its rights.
        """
        try:
            there = self._find()
        except PermanentError:
            if mode is DnsMode.MANUAL:
                return
            raise
        if there is None:
            return
        for manifest in self.rules.rights(account=there.account.name, namespace=there.account.namespace):
            self._apply(manifest)
        for right in _RIGHTS:
            self.patience.until(
                f"the API server does not let CoreDNS ({there.account}) {right} yet",
                lambda right=right: True if self.objects.may(there.account, right) else None,  # type: ignore[misc]
            )
        if mode is DnsMode.MANAGED:
            self._edit(self.rules.enable)
            self.patience.until(
                "the Corefile in the cluster does not have the option yet; with the managed add-on, an edit of the "
                "ConfigMap by hand keeps it out",
                lambda: True if self._is_on() else None,
            )

    def turn_off(self) -> str | None:
        """Take our edit back, then the rights; return why CoreDNS keeps its rights, if it does.

        It does while a Corefile has the option, which a person may have written. One that runs on the old Corefile for
        another minute keeps the answers it has.
        """
        try:
            text = self._edit(self.rules.disable)
            kept = "a person has put the option multicluster into the Corefile" if self.rules.is_enabled(text) else None
        except PermanentError as error:
            kept = str(error)
        if kept:
            return f"CoreDNS keeps its rights: {kept}"
        for manifest in reversed(self.rules.rights()):
            found = self.objects.find(reference(manifest))
            if found is not None and is_ours(found):
                self.objects.remove(found)
        return None

    def _is_on(self) -> bool:
        there = self._find()
        return there is not None and self.rules.is_enabled(there.corefile)

    def _edit(self, change: Callable[[str], str]) -> str:
        """Change the Corefile where it lives; return the text that is there then."""
        attempt = 1
        while (there := self._find()) is not None:
            text = self._read(there)
            changed = change(text)
            if changed == text:
                return text
            try:
                self._write(there, changed)
            except StaleError:
                if attempt == _ATTEMPTS:
                    raise
                attempt += 1
            else:
                return changed
        return ""

    def _read(self, there: CoreDns) -> str:
        return (self.addon.corefile() if self.addon else None) or there.corefile

    def _write(self, there: CoreDns, text: str) -> None:
        if self.addon:
            self.addon.write(text)
        else:
            self.objects.replace({**there.config, "data": {**there.config["data"], _KEY: text}})

    def _apply(self, manifest: Manifest) -> None:
        found = self.objects.find(reference(manifest))
        if found is not None and not is_ours(found):
            raise PermanentError(f"{reference(manifest)} exists and bears no mark of ours: delete or rename it")
        self.objects.apply(manifest)

    def _find(self) -> CoreDns | None:
        """Find the one CoreDNS of the cluster by the label that every distribution gives it."""
        found = [
            (deployment, version)
            for deployment in self.objects.all_of("apps/v1", "Deployment", selector="k8s-app=kube-dns")
            if (version := _version(deployment)) is not None
        ]
        if not found:
            return None
        if len(found) > 1:
            names = ", ".join(str(reference(deployment)) for deployment, _ in found)
            raise PermanentError(f"several Deployments of CoreDNS have the label k8s-app=kube-dns: {names}")
        ((deployment, version),) = found
        namespace, pod = deployment["metadata"]["namespace"], deployment["spec"]["template"]["spec"]
        account = Account(namespace, pod.get("serviceAccountName") or "default")
        return CoreDns(version, account, self._config(namespace, pod))

    def _config(self, namespace: str, pod: Manifest) -> Manifest:
        names = [volume["configMap"]["name"] for volume in pod.get("volumes") or () if "configMap" in volume]
        for name in names:
            config = self.objects.find(Reference("v1", "ConfigMap", name, namespace))
            if config is not None and _KEY in (config.get("data") or {}):
                return config
        raise PermanentError(f"no ConfigMap of CoreDNS in {namespace} has a Corefile; looked at: {', '.join(names)}")


def _version(deployment: Manifest) -> str | None:
    """Return the tag of CoreDNS's image, empty if it has none; None for a Deployment without CoreDNS."""
    for container in deployment["spec"]["template"]["spec"]["containers"]:
        repository, _, tag = container["image"].partition("@")[0].rpartition("/")[2].partition(":")
        if "coredns" in repository:
            return str(tag)
    return None
