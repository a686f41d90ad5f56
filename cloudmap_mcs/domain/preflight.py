"""What stands in the way of an install, found before anything is changed, and all of it in one answer.

The checks are a table: each looks at what was seen and yields findings. What could not be seen is not judged.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cloudmap_mcs.domain.endpoints import Program, advice
from cloudmap_mcs.domain.installation import DnsMode, Reference
from cloudmap_mcs.domain.model import cluster_id
from cloudmap_mcs.domain.names import derived_cluster_id
from cloudmap_mcs.errors import PermanentError

_OLDEST_KUBERNETES: Final = (1, 27)
"""An older API server refuses or drops fields of what we apply (`unhealthyPodEvictionPolicy`, `matchLabelKeys`)."""

_NO_COREDNS: Final = ("no CoreDNS was found", "see to the zone clusterset.local elsewhere")
_AUTO_MODE_PODS: Final = (
    "run a CoreDNS of your own that serves clusterset.local and forwards everything else, and name its Service in the "
    "dnsConfig of pods that need names of the clusterset"
)
_AUTO_MODE: Final = (
    "EKS Auto Mode answers DNS on its nodes, and what they answer cannot be changed",
    _AUTO_MODE_PODS,
)


class Kind(StrEnum):
    """What a finding is about."""

    AUTHENTICATION = "authentication"
    REACHABILITY = "reachability"
    KUBERNETES = "kubernetes"
    IMPLEMENTATION = "implementation"
    DEFINITION = "definition"
    OWNERSHIP = "ownership"
    DNS = "dns"
    IDENTITY = "identity"
    CREDENTIALS = "credentials"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found: its subject, what is the case and what to do. One that does not refuse is only told."""

    kind: Kind
    subject: str
    what: str
    do: str
    refuses: bool = True

    def __str__(self) -> str:
        return f"{self.subject}: {self.what}. {self.do}."


class PreflightError(PermanentError):
    """The cluster cannot be installed into as it is; nothing was changed. The message has every finding."""

    reason = "Preflight"

    def __init__(self, cluster: str, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        count = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
        lines = "\n".join(f"- {finding}" for finding in findings)
        super().__init__(f"cluster {cluster}: {count}, nothing was changed\n{lines}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """An EKS cluster as its own API describes it. `addons` are the names of the managed ones."""

    name: str
    authentication_mode: str
    version: str
    is_auto_mode: bool = False
    addons: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsSeen:
    """The cluster's CoreDNS. `problem` says why its Corefile cannot be edited, or its version cannot be used.

    `can_forward`: its Corefile could be made to forward the zone, whatever else stands in the way.
    """

    version: str
    is_capable: bool
    is_enabled: bool = False
    problem: str = ""
    lines: tuple[str, ...] = ()
    """What the lines that have to change would become."""
    can_forward: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What an API server showed. `owner` is the UID of kube-system, by which the registry knows this cluster.

    `others` are implementations of the same API at work here and where they were seen; `blocked` definitions that are
    in the way and why; `foreign` objects with names of ours but without our mark; `properties` ClusterProperties
    with another value: name, wanted and held. `is_dns_bypassed`: NodeLocal DNSCache does not know the zone.
    """

    owner: str
    others: tuple[tuple[str, str], ...] = ()
    is_gke_served: bool = False
    foreign_imports: tuple[str, ...] = ()
    blocked: tuple[tuple[str, str], ...] = ()
    foreign: tuple[Reference, ...] = ()
    properties: tuple[tuple[str, str, str], ...] = ()
    dns: DnsSeen | None = None
    is_dns_bypassed: bool = False
    has_identity_agent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a preflight looks at; `sighting` is None, and `unreached` says why, if the API server gave no answer.

    `registered` is the owner in the registry's entry of this id, None if there is none; `unanswered` says why if it
    could not be asked.
    """

    cluster: str
    hosting: Hosting
    dns: DnsMode
    uses_pod_identity: bool = True
    unreached: str = ""
    sighting: Sighting | None = None
    registered: str | None = None
    unanswered: str = ""


def findings(facts: Facts) -> tuple[Finding, ...]:
    """Return everything that was found, in the order of the checks."""
    found = [finding for check in _CHECKS for finding in check(facts)]
    if facts.sighting is not None:
        found += [finding for seen in _SIGHTS for finding in seen(facts, facts.sighting)]
    return tuple(found)


def _id(facts: Facts) -> Iterator[Finding]:
    try:
        cluster_id(facts.cluster)
    except PermanentError as error:
        suggested = derived_cluster_id(facts.hosting.name)
        yield Finding(Kind.IDENTITY, facts.hosting.name, str(error), f"Write in clusterset.yaml: id: {suggested}")


def _authentication(facts: Facts) -> Iterator[Finding]:
    name, mode = facts.hosting.name, facts.hosting.authentication_mode
    if mode not in {"API", "API_AND_CONFIG_MAP"}:
        command = f"aws eks update-cluster-config --name {name} --access-config authenticationMode=API_AND_CONFIG_MAP"
        what = f"authentication mode is {mode or 'not told'}, and access entries need API or API_AND_CONFIG_MAP"
        yield Finding(Kind.AUTHENTICATION, name, what, f"Change it, which cannot be undone: {command}")


def _kubernetes(facts: Facts) -> Iterator[Finding]:
    name, version = facts.hosting.name, facts.hosting.version
    numbers = re.fullmatch(r"(\d+)\.(\d+)", version, re.ASCII)
    least = ".".join(map(str, _OLDEST_KUBERNETES))
    if numbers is None or (int(numbers[1]), int(numbers[2])) < _OLDEST_KUBERNETES:
        yield Finding(Kind.KUBERNETES, name, f"its Kubernetes is {version!r}", f"Upgrade it to {least} at least")


def _reachability(facts: Facts) -> Iterator[Finding]:
    if facts.unreached:
        do = (
            "If its endpoint is private, run the functions in subnets that reach it (network: in clusterset.yaml) and "
            "allow port 443 from their security group; if it answers Unauthorized or Forbidden, look whether the "
            f"installer's access entry exists. {advice(Program.INSTALLER)}"
        )
        yield Finding(Kind.REACHABILITY, facts.hosting.name, f"no answer from its API server: {facts.unreached}", do)


def _registry(facts: Facts) -> Iterator[Finding]:
    if facts.unanswered:
        what = f"no answer from Cloud Map: {facts.unanswered}"
        yield Finding(Kind.REACHABILITY, facts.hosting.name, what, advice(Program.INSTALLER))


def _implementations(facts: Facts, seen: Sighting) -> Iterator[Finding]:
    for name, where in seen.others:
        do = "Two would fight over the same objects: stop it, or leave this cluster out of the clusterset"
        yield Finding(Kind.IMPLEMENTATION, facts.hosting.name, f"{name} is at work ({where})", do)
    if seen.is_gke_served:
        what = "it also serves net.gke.io ServiceExports, which programs may find before those of the standard"
        do = "If nobody uses them, remove those definitions"
        yield Finding(Kind.IMPLEMENTATION, facts.hosting.name, what, do, refuses=False)
    if seen.foreign_imports:
        shown = ", ".join(seen.foreign_imports[:5])
        what = f"{len(seen.foreign_imports)} ServiceImports bear no mark of ours and are left alone ({shown})"
        do = "Delete those that nobody manages any more; until then their names are not imported"
        yield Finding(Kind.IMPLEMENTATION, facts.hosting.name, what, do, refuses=False)


def _definitions(_: Facts, seen: Sighting) -> Iterator[Finding]:
    for name, why in seen.blocked:
        do = "Its owner's newer release may serve it; we never downgrade a definition"
        yield Finding(Kind.DEFINITION, f"CustomResourceDefinition {name}", why, do)


def _ownership(_: Facts, seen: Sighting) -> Iterator[Finding]:
    for there in seen.foreign:
        do = "Delete or rename it, or give it the label app.kubernetes.io/managed-by=cloudmap-mcs to hand it over"
        yield Finding(Kind.OWNERSHIP, str(there), "it exists and bears no mark of ours", do)


def _properties(_: Facts, seen: Sighting) -> Iterator[Finding]:
    for name, wanted, held in seen.properties:
        what = f"it is {held!r}, and clusterset.yaml says {wanted!r}"
        do = "Change clusterset.yaml, or delete the ClusterProperty if nothing depends on it"
        yield Finding(Kind.IDENTITY, f"ClusterProperty {name}", what, do)


def _duplicate(facts: Facts, seen: Sighting) -> Iterator[Finding]:
    if facts.registered is not None and facts.registered != seen.owner:
        what = f"another cluster is in the registry under this id, with UID {facts.registered} (here: {seen.owner})"
        do = "Give this cluster another id, or remove the other one's entry from the service members in Cloud Map"
        yield Finding(Kind.IDENTITY, f"id {facts.cluster}", what, do)


def _dns(facts: Facts, seen: Sighting) -> Iterator[Finding]:
    name, there, refuses = facts.hosting.name, seen.dns, facts.dns is not DnsMode.MANUAL
    if there is None:
        what, way_out = _AUTO_MODE if facts.hosting.is_auto_mode else _NO_COREDNS
        do = f"Set dns: manual, and {way_out}" if refuses else f"As dns: manual is set, {way_out}"
        yield Finding(Kind.DNS, name, what, do, refuses=refuses)
    elif there.is_enabled:
        return
    elif not there.is_capable:
        other = "set dns: stub-zone, which leaves it as it is" if there.can_forward else "set dns: manual"
        do = f"Upgrade Kubernetes to 1.33 or CoreDNS to 1.12.2, or {other}"
        what = f"its CoreDNS is {there.version}, and the option multicluster came with 1.12.2"
        yield Finding(Kind.DNS, name, what, do, refuses=refuses)
    elif there.problem:
        has_other = there.can_forward and facts.dns is DnsMode.MANAGED
        do = "Or set dns: stub-zone, or dns: manual" if has_other else "Or set dns: manual"
        yield Finding(Kind.DNS, name, there.problem, do, refuses=refuses)
    elif facts.dns is DnsMode.MANUAL:
        do = "These lines of its Corefile have to become: " + " | ".join(there.lines)
        yield Finding(Kind.DNS, name, "its CoreDNS does not serve clusterset.local yet", do, refuses=False)


def _nodes_dns(facts: Facts, seen: Sighting) -> Iterator[Finding]:
    """Find what answers pods before CoreDNS does; names of the clusterset come from CoreDNS in every mode."""
    if seen.dns is not None and facts.hosting.is_auto_mode:
        what = "pods on nodes of EKS Auto Mode ask their node and not the CoreDNS that was found"
        yield Finding(Kind.DNS, facts.hosting.name, what, f"For those pods: {_AUTO_MODE_PODS}", refuses=False)
    if seen.is_dns_bypassed:
        what = "its Corefile has no server for clusterset.local, so names of the clusterset do not reach CoreDNS"
        do = "Add one to the ConfigMap: a copy of its server cluster.local:53, under the name clusterset.local:53"
        yield Finding(Kind.DNS, "NodeLocal DNSCache (DaemonSet kube-system/node-local-dns)", what, do, refuses=False)


def _credentials(facts: Facts, seen: Sighting) -> Iterator[Finding]:
    has_agent = seen.has_identity_agent or facts.hosting.is_auto_mode
    if facts.uses_pod_identity and not has_agent and "eks-pod-identity-agent" not in facts.hosting.addons:
        name = facts.hosting.name
        command = f"aws eks create-addon --cluster-name {name} --addon-name eks-pod-identity-agent"
        what = "the Pod Identity agent is not installed, so the watcher would have no credentials"
        yield Finding(Kind.CREDENTIALS, name, what, f"Install it: {command}")


_CHECKS: Final[tuple[Callable[[Facts], Iterator[Finding]], ...]] = (
    _id,
    _authentication,
    _kubernetes,
    _reachability,
    _registry,
)
_SIGHTS: Final[tuple[Callable[[Facts, Sighting], Iterator[Finding]], ...]] = (
    _implementations,
    _definitions,
    _ownership,
    _properties,
    _duplicate,
    _dns,
    _nodes_dns,
    _credentials,
)
