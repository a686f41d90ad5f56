"""The properties of `Custom::CloudmapMcsMember` and `…Look`, as values; all mistakes are told at once."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cloudmap_mcs.domain.installation import DnsMode
from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.install.bundle import Archive, Bundle, OwnImage
from cloudmap_mcs.install.rendering import InstallSettings, parts
from cloudmap_mcs.install.stub_zone import COREDNS_IMAGE, StubZone
from cloudmap_mcs.install.watcher import WatcherDeployment
from cloudmap_mcs.kube.assuming import AssumedRole
from cloudmap_mcs.reconcile.installing.surveying import Wanted
from cloudmap_mcs.settings import InstallerSettings

_MOST_REPLICAS: Final = 5
_SHORTEST_RESYNC: Final = 60
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
_IDENTITIES: Final = ("pod-identity", "irsa")


@dataclass(frozen=True, slots=True)
class Shape:
    """What a text must look like, and how that is told."""

    pattern: str
    allowed: str


_LABEL: Final = Shape(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "a DNS label")
_TEXT: Final = Shape(r"\S(.*\S)?", "a text")
_LIST: Final = Shape(r"[^\s,]+(,[^\s,]+)*", "cluster ids, separated by commas")
_EKS: Final = Shape(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", "the name of an EKS cluster")
_REGION: Final = Shape(r"[a-z]{2,}(-[a-z]+)+-\d+", "a Region, such as eu-west-1")
_ACCOUNT: Final = Shape(r"\d{12}", "an account id of 12 digits")
_NAMESPACE: Final = Shape(
    r"(arn:aws[a-z-]*:servicediscovery:[a-z0-9-]+:\d{12}:namespace/)?ns-[a-z0-9]+",
    "the id (ns-...) or the ARN of a Cloud Map namespace",
)
_BUS: Final = Shape(r"arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:event-bus/\S+", "the ARN of an event bus")
_ROLE: Final = Shape(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+", "the ARN of a role")
_IMAGE: Final = Shape(r"\S+", "an image")
_SHA256: Final = Shape(r"[0-9a-f]{64}", "a SHA-256 in hexadecimal")
_EXTERNAL: Final = Shape(r"[\w+=,.@:/-]{2,1224}", "an external id of 2 to 1224 characters")
_CLASS: Final = Shape(r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?)?", "the name of a PriorityClass, or empty for none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which EKS cluster is meant, and the role that reaches it if that is not the function's own."""

    eks: str
    region: str
    account: str
    role: AssumedRole | None = None

    def arn(self, partition: str) -> str:
        return f"arn:{partition}:eks:{self.region}:{self.account}:cluster/{self.eks}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """All that one member cluster is to get."""

    target: Target
    settings: InstallSettings

    def wanted(self, stack: str) -> Wanted:
        """Return what a stack, by its ARN, wants of the installer."""
        return Wanted(
            cluster=self.settings.cluster,
            stack=stack,
            parts=parts(self.settings),
            dns=self.settings.dns,
            uses_pod_identity=not self.settings.watcher_role_arn,
        )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Takes properties one by one and collects what is wrong with them."""

    given: Mapping[str, Any]
    mistakes: list[str] = field(default_factory=list)

    def has(self, name: str) -> bool:
        return self.given.get(name) not in (None, "")

    def text(self, name: str, shape: Shape, default: str | None = None) -> str:
        value = self.given.get(name, default)
        if value is None:
            self.mistakes.append(f"{name} is missing: it must be {shape.allowed}")
        elif not isinstance(value, str) or not re.fullmatch(shape.pattern, value, re.ASCII):
            self.mistakes.append(f"{name}={value!r}: must be {shape.allowed}")
        else:
            return value
        return ""

    def one_of(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.given.get(name, default)
        if value in allowed:
            return str(value)
        self.mistakes.append(f"{name}={value!r}: must be one of {', '.join(allowed)}")
        return default

    def number(self, name: str, low: int, high: int | None, default: str) -> int:
        value = str(self.given.get(name, default))
        if value.isdecimal() and low <= int(value) and (high is None or int(value) <= high):
            return int(value)
        allowed = f"from {low} on" if high is None else f"from {low} to {high}"
        self.mistakes.append(f"{name}={value!r}: must be a whole number {allowed}")
        return low

    def pair(self, first: str, second: str, read: Callable[[], Any]) -> Any:
        """Read two properties that go together; None if neither is there."""
        if self.has(first) != self.has(second):
            self.mistakes.append(f"{first} and {second} go together: give both or none")
        return read() if self.has(first) and self.has(second) else None


def order(given: Mapping[str, Any], deployed: InstallerSettings) -> Order:
    """Read the properties; PermanentError names every mistake and what is allowed.

    The function was deployed for one clusterset: a resource of another one is a mistake.
    """
    reader = _Reader(given)
    made = Order(target=_target(reader), settings=_settings(reader))
    for name, own in (("Clusterset", deployed.clusterset), ("HubRegion", deployed.hub_region)):
        if reader.has(name) and given[name] != own:
            reader.mistakes.append(f"{name}={given[name]!r}: this function is for {own!r}")
    if reader.mistakes:
        raise PermanentError("bad properties: " + "; ".join(reader.mistakes))
    return made


def _target(reader: _Reader) -> Target:
    return Target(
        eks=reader.text("Eks", _EKS),
        region=reader.text("Region", _REGION),
        account=reader.text("Account", _ACCOUNT),
        role=reader.pair("AssumeRoleArn", "ExternalId", lambda: _role(reader)),
    )


def _role(reader: _Reader) -> AssumedRole:
    return AssumedRole(reader.text("AssumeRoleArn", _ROLE), reader.text("ExternalId", _EXTERNAL))


def _settings(reader: _Reader) -> InstallSettings:
    cluster, watcher = reader.text("Cluster", _TEXT), _watcher(reader)
    return InstallSettings(
        cluster=cluster,
        watcher=watcher,
        dns=DnsMode(reader.one_of("Dns", tuple(DnsMode), DnsMode.MANAGED)),
        stub_zone=StubZone(
            image=reader.text("StubZoneImage", _IMAGE, COREDNS_IMAGE),
            replicas=reader.number("StubZoneReplicas", 1, _MOST_REPLICAS, "2"),
            priority_class=watcher.priority_class,
        ),
        watcher_role_arn=_role_arn(reader),
    )


def _watcher(reader: _Reader) -> WatcherDeployment:
    return WatcherDeployment(
        clusterset=reader.text("Clusterset", _LABEL),
        members=tuple(reader.text("Members", _LIST).split(",")),
        namespace_id=reader.text("NamespaceId", _NAMESPACE),
        bus_arn=reader.text("BusArn", _BUS),
        hub_region=reader.text("HubRegion", _REGION),
        resync_seconds=reader.number("ResyncSeconds", _SHORTEST_RESYNC, None, "300"),
        code=_code(reader),
        replicas=reader.number("WatcherReplicas", 0, _MOST_REPLICAS, "2"),
        log_level=reader.one_of("WatcherLogLevel", _LEVELS, "INFO"),
        priority_class=reader.text("WatcherPriorityClass", _CLASS, "system-cluster-critical"),
    )


def _code(reader: _Reader) -> Bundle | OwnImage:
    if reader.has("WatcherImage") == reader.has("BaseImage"):
        reader.mistakes.append("WatcherImage and BaseImage: exactly one of them must be given")
    if not reader.has("BaseImage"):
        return OwnImage(image=reader.text("WatcherImage", _IMAGE, ""))
    archives = {name: _archive(reader, name) for name in ("Arm64", "Amd64")}
    if not any(archives.values()):
        reader.mistakes.append("BundleArm64Key, BundleAmd64Key: at least one must be given, with its SHA-256")
        archives["Arm64"] = Archive(key="", sha256="")
    return Bundle(
        region=reader.text("BundleRegion", _REGION),
        bucket=reader.text("BundleBucket", _TEXT),
        arm64=archives["Arm64"],
        amd64=archives["Amd64"],
        image=reader.text("BaseImage", _IMAGE),
    )


def _archive(reader: _Reader, name: str) -> Archive | None:
    key, sha256 = f"Bundle{name}Key", f"Bundle{name}Sha256"
    found: Archive | None = reader.pair(
        key, sha256, lambda: Archive(key=reader.text(key, _TEXT), sha256=reader.text(sha256, _SHA256))
    )
    return found


def _role_arn(reader: _Reader) -> str:
    """Read the watcher's role; empty where it comes by Pod Identity."""
    is_irsa = reader.one_of("Identity", _IDENTITIES, "pod-identity") == "irsa"
    return reader.text("WatcherRoleArn", _ROLE) if is_irsa else ""
