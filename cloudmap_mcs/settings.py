"""Typed settings of the doors, built from a mapping; all missing or bad names are reported at once."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from cloudmap_mcs.domain.model import ClusterId, cluster_id
from cloudmap_mcs.errors import PermanentError

SHORTEST_RESYNC: Final = 60
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")


def _variable(name: str, parse: Callable[[str], Any] = str, default: str | None = None) -> Any:
    """Say which variable a field comes from; one without a default must be set."""
    return dataclasses.field(metadata={"name": name, "parse": parse, "default": default})


def _members(text: str) -> frozenset[ClusterId]:
    return frozenset(cluster_id(part.strip()) for part in text.split(","))


def _seconds(text: str) -> int:
    if not text.isdecimal() or int(text) < SHORTEST_RESYNC:
        raise ValueError(f"must be a whole number of seconds from {SHORTEST_RESYNC} on")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or not int(text) < 1 << 16:
        raise ValueError("must be a port number")
    return int(text)


def _level(text: str) -> str:
    if text.upper() not in _LEVELS:
        raise ValueError(f"must be one of {', '.join(_LEVELS)}")
    return text.upper()


@dataclass(frozen=True, slots=True)
class _Hub:
    clusterset: str = _variable("MCS_CLUSTERSET")
    """The clusterset's id."""
    hub_region: str = _variable("MCS_HUB_REGION")
    """Region of the namespace and the hub bus."""

    @classmethod
    def from_env(cls, variables: Mapping[str, str]) -> Self:
        """Read all settings; raises PermanentError that names every missing and every bad variable."""
        values: dict[str, Any] = {}
        problems: list[str] = []
        for item in dataclasses.fields(cls):
            name = item.metadata["name"]
            text = variables.get(name) or item.metadata["default"]
            if text is None:
                problems.append(f"{name} is not set")
                continue
            try:
                values[item.name] = item.metadata["parse"](text)
            except (ValueError, PermanentError) as error:
                problems.append(f"{name}={text!r}: {error}")
        problems.extend(cls._unfit(values))
        if problems:
            raise PermanentError("bad settings: " + "; ".join(problems))
        return cls(**values)

    @classmethod
    def _unfit(cls, values: Mapping[str, Any]) -> Iterator[str]:
        """Find values that are good by themselves and do not go together."""
        del values
        yield from ()


@dataclass(frozen=True, slots=True)
class _Settings(_Hub):
    members: frozenset[ClusterId] = _variable("MCS_MEMBERS", _members)
    """The ids of all member clusters; records of others are set aside."""
    namespace_id: str = _variable("MCS_NAMESPACE_ID")
    """Id or ARN of the clusterset's Cloud Map namespace."""
    resync_seconds: int = _variable("MCS_RESYNC_SECONDS", _seconds, "300")
    """Time between two resyncs, or two audits."""


@dataclass(frozen=True, slots=True)
class InstallerSettings(_Hub):
    """Of the installer function: what all clusters of its stack share; the rest comes with each request."""


@dataclass(frozen=True, slots=True)
class ImporterSettings(_Settings):
    """Of the importer function: one cluster each."""

    cluster: ClusterId = _variable("MCS_CLUSTER", cluster_id)
    """The cluster that this function imports into."""
    eks_cluster: str = _variable("MCS_EKS_CLUSTER")
    """Its EKS name."""
    eks_region: str = _variable("MCS_EKS_REGION")
    """Its Region."""
    queue_url: str = _variable("MCS_QUEUE_URL")
    """The function's own queue, for delayed messages."""
    assume_role_arn: str = _variable("MCS_ASSUME_ROLE_ARN", default="")
    """The role that reaches the cluster from another account; without it the function's own does."""
    assume_external_id: str = _variable("MCS_ASSUME_EXTERNAL_ID", default="")
    """The external id that the role's trust policy asks for; set with the role and not without it."""

    @classmethod
    def _unfit(cls, values: Mapping[str, Any]) -> Iterator[str]:
        if bool(values.get("assume_role_arn")) != bool(values.get("assume_external_id")):
            yield "MCS_ASSUME_ROLE_ARN and MCS_ASSUME_EXTERNAL_ID go together: set both or none"


@dataclass(frozen=True, slots=True)
class WatcherSettings(_Settings):
    """Of the in-cluster watcher. Which cluster it is in comes from the ClusterProperties, not from here."""

    bus_arn: str = _variable("MCS_BUS_ARN")
    """The hub bus."""
    api_host: str = _variable("KUBERNETES_SERVICE_HOST")
    """The API server, as every Pod has it."""
    api_port: int = _variable("KUBERNETES_SERVICE_PORT", _port, "443")
    """Its port."""
    credentials: str = _variable("MCS_KUBE_CREDENTIALS", default="/var/run/secrets/kubernetes.io/serviceaccount")
    """Folder with token, ca.crt and namespace."""
    pod: str = _variable("POD_NAME")
    """This replica's name: its identity in the Lease."""
    health_port: int = _variable("MCS_HEALTH_PORT", _port, "8080")
    """Port of /livez and /readyz; 0 chooses a free one."""
    health_host: str = _variable("MCS_HEALTH_HOST", default="")
    """Address they are served on; without it, every address of the Pod."""
    log_level: str = _variable("MCS_LOG_LEVEL", _level, "INFO")
    """Of the JSON log."""
