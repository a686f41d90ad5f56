"""The cluster's own CoreDNS: which it is, and its Corefile where that lives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from cloudmap_mcs.domain.installation import Account, Manifest, Reference, reference
from cloudmap_mcs.errors import PermanentError, StaleError
from cloudmap_mcs.ports import Objects

_ATTEMPTS: Final = 3
_KEY: Final = "Corefile"
_NODE_CACHE: Final = Reference("apps/v1", "DaemonSet", "node-local-dns", "kube-system")


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
    """A CoreDNS as found: its version, who it is, and the ConfigMap with its Corefile."""

    version: str
    account: Account
    config: Manifest

    @property
    def corefile(self) -> str:
        return str(self.config["data"][_KEY])


@dataclass(frozen=True, slots=True)
class CorefileKeeper:
    """Reads and writes the Corefile of one cluster. `addon` is given where CoreDNS is a managed add-on."""

    objects: Objects
    addon: DnsAddon | None = None

    def find(self) -> CoreDns | None:
        """Find the one CoreDNS of the cluster by the label that every distribution gives it.

        PermanentError if there are several, or one without a Corefile.
        """
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

    def read(self, there: CoreDns) -> str:
        """Return the text that counts: what the add-on is set to, before what it has written so far."""
        return (self.addon.corefile() if self.addon else None) or there.corefile

    def edit(self, change: Callable[[str], str]) -> str:
        """Change the Corefile where it lives, and again if somebody else changed it meanwhile.

        With the managed add-on that is in its settings, and in the ConfigMap as well where EKS has left it as it was:
        it keeps what was edited there by hand, and the Pods read nothing else.
        Return the text that is in the cluster then, empty if there is no CoreDNS.
        """
        if self.addon and (there := self.find()) is not None:
            text = self.read(there)
            if (changed := change(text)) != text:
                self.addon.write(changed)
        return self._edit_config(change)

    def holds(self, judge: Callable[[str], bool]) -> bool | None:
        """Say True as soon as the Corefile in the cluster, which the Pods read, is as it should be."""
        there = self.find()
        return True if there is not None and judge(there.corefile) else None

    def node_cache(self) -> str | None:
        """Return the Corefile of NodeLocal DNSCache, empty if it cannot be found; None where there is no such cache."""
        daemons = self.objects.find(_NODE_CACHE)
        if daemons is None:
            return None
        pod = daemons["spec"]["template"]["spec"]
        for name in _config_names(pod):
            config = self.objects.find(Reference("v1", "ConfigMap", name, _NODE_CACHE.namespace))
            if config is not None and _KEY in (config.get("data") or {}):
                return str(config["data"][_KEY])
        return ""

    def _edit_config(self, change: Callable[[str], str]) -> str:
        attempt = 1
        while (there := self.find()) is not None:
            changed = change(there.corefile)
            if changed == there.corefile:
                return changed
            try:
                self.objects.replace({**there.config, "data": {**there.config["data"], _KEY: changed}})
            except StaleError:
                if attempt == _ATTEMPTS:
                    raise
                attempt += 1
            else:
                return changed
        return ""

    def _config(self, namespace: str, pod: Manifest) -> Manifest:
        names = _config_names(pod)
        for name in names:
            config = self.objects.find(Reference("v1", "ConfigMap", name, namespace))
            if config is not None and _KEY in (config.get("data") or {}):
                return config
        raise PermanentError(f"no ConfigMap of CoreDNS in {namespace} has a Corefile; looked at: {', '.join(names)}")


def _config_names(pod: Manifest) -> list[str]:
    return [volume["configMap"]["name"] for volume in pod.get("volumes") or () if "configMap" in volume]


def _version(deployment: Manifest) -> str | None:
    """Return the tag of CoreDNS's image, empty if it has none; None for a Deployment without CoreDNS."""
    for container in deployment["spec"]["template"]["spec"]["containers"]:
        repository, _, tag = container["image"].partition("@")[0].rpartition("/")[2].partition(":")
        if "coredns" in repository:
            return str(tag)
    return None
