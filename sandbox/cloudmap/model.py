"""What the simulator remembers: values of namespaces, services and instances, and the state that holds them."""

import random
import string
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.cloudmap.chance import Draws
from sandbox.cloudmap.settings import Delay, OperationFailure, Settings
from sandbox.cloudmap.sharing import Share
from sandbox.cloudmap.timeline import Timeline

_ID_CHARACTERS = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and where: the account and Region a request was signed for."""

    account: str
    region: str


@dataclass(frozen=True, slots=True)
class Call:
    """One valid request: its caller and its parameters."""

    caller: Caller
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """The request something was made by, so that the same request sent again gets the same answer."""

    request: Mapping[str, Any]
    operation_id: str | None = None

    def is_repeated_by(self, request: Mapping[str, Any]) -> bool:
        """Tell whether `request` is this one again: an equal, given CreatorRequestId and equal parameters."""
        return request.get("CreatorRequestId") is not None and request == self.request


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace; `owner` is the account and Region it lives in, `vpc` is set for private DNS only."""

    id: str
    owner: Caller
    name: str
    http_name: str
    kind: str
    vpc: str | None
    description: str | None
    dns_properties: Mapping[str, Any] | None
    created: float
    sequence: int
    origin: Origin

    @property
    def arn(self) -> str:
        return f"arn:aws:servicediscovery:{self.owner.region}:{self.owner.account}:namespace/{self.id}"


@dataclass(frozen=True, slots=True)
class Instance:
    """A registered instance; `sequence` tells apart what was deregistered and registered anew."""

    id: str
    attributes: Mapping[str, str]
    health: str | None
    created_by: str
    sequence: int
    origin: Origin


@dataclass(frozen=True, slots=True)
class Service:
    """A service with its instances; `revision` only ever grows."""

    id: str
    owner: Caller
    namespace_id: str
    name: str
    description: str | None
    dns_config: Mapping[str, Any] | None
    health_check: Mapping[str, Any] | None
    custom_health: bool
    created: float
    created_by: str
    sequence: int
    origin: Origin
    revision: int = 0
    instances: Mapping[str, Instance] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:servicediscovery:{self.owner.region}:{self.owner.account}:service/{self.id}"

    @property
    def has_health(self) -> bool:
        return self.custom_health or self.health_check is not None


class State:
    """Everything the simulator knows at `now`, a number of seconds that never goes back."""

    def __init__(self, settings: Settings, rng: random.Random) -> None:
        self.rng = rng
        self.now = 0.0
        self.namespaces: dict[str, Namespace] = {}
        self.services: dict[str, Service] = {}
        self.service_names: dict[tuple[str, str], str] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.used_names: set[tuple[Caller, str]] = set()
        # Ids of instances that are there or being registered: what quotas and deletions must count.
        self.claims: defaultdict[str, set[str]] = defaultdict(set)
        self.http_names: defaultdict[tuple[Caller, str], Timeline[str]] = defaultdict(Timeline)
        self.views: defaultdict[tuple[str, str], Timeline[Service]] = defaultdict(Timeline)
        self.shares: dict[str, Share] = {}
        self._sequence = 0
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Use other settings from now on; counts of operation failures start again."""
        self.settings = settings
        self.failures: Draws[OperationFailure] = Draws(settings.operation_failures, self.rng)

    def next_number(self) -> int:
        """Return a number greater than all before it."""
        self._sequence += 1
        return self._sequence

    def new_id(self, prefix: str, length: int = 16) -> str:
        return prefix + "".join(self.rng.choices(_ID_CHARACTERS, k=length))

    def draw(self, delay: Delay) -> float:
        """Return a time as long as `delay` says this once."""
        return delay.fixed + (self.rng.uniform(0, delay.jitter) if delay.jitter else 0.0)

    def keep(self) -> float:
        """Return how long the past is needed for the lag of the data plane."""
        return self.settings.lag.fixed + self.settings.lag.jitter

    def store(self, service: Service, moment: float) -> None:
        """Make `service` what the control plane knows, and what the data plane shows after its lag."""
        self.services[service.id] = service
        self.views[self.name_key(service.namespace_id, service.name)].record(moment, service, keep=self.keep())

    def name_key(self, namespace_id: str, name: str) -> tuple[str, str]:
        """Return what must be unique: names in DNS namespaces may not differ by case only."""
        namespace = self.namespaces.get(namespace_id)
        folded = name if namespace is None or namespace.kind == "HTTP" else name.lower()
        return namespace_id, folded
