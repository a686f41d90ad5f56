"""Everything a test can set on the simulator, live or at start: validated values, errors that name the field."""

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from sandbox.cloudmap.errors import STATUS
from sandbox.cloudmap.limits import MAX_TAGS, RATES
from sandbox.cloudmap.requests import REQUESTS

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "": 1.0}
_STRICT = ConfigDict(extra="forbid")


def parse_duration(value: Any) -> float:
    """Read `100ms`, `1.5s`, `2m` or a number of seconds; ValueError says what is allowed."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|)", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is not a duration: write 100ms, 1.5s, 2m or a number of seconds")
    return float(match[1]) * _UNITS[match[2]]


def _known_operation(name: str) -> str:
    if name != "*" and name not in REQUESTS:
        raise ValueError(f"{name!r} is no operation of Cloud Map; write one of its names or *")
    return name


def _known_error(code: str) -> str:
    if code not in STATUS:
        raise ValueError(f"{code!r} is no error this simulator can send; known: {', '.join(sorted(STATUS))}")
    return code


def _named_rates(value: Any) -> Any:
    return {name: {"rate": rate, "burst": burst} for name, (rate, burst) in RATES.items()} if value == "aws" else value


Seconds = Annotated[float, BeforeValidator(parse_duration), Field(ge=0, le=86400)]
Probability = Annotated[float, Field(ge=0, le=1)]
OperationName = Annotated[str, AfterValidator(_known_operation)]
ErrorCode = Annotated[str, AfterValidator(_known_error)]
Account = Annotated[str, Field(pattern=r"^\d{12}$")]


@dataclass(frozen=True, slots=True, config=_STRICT)
class Delay:
    """A time in seconds: `fixed` plus a random part of up to `jitter`."""

    fixed: Seconds = 0.0
    jitter: Seconds = 0.0


def _plain_delay(value: Any) -> Any:
    return {"fixed": value} if isinstance(value, (str, int, float)) else value


AnyDelay = Annotated[Delay, BeforeValidator(_plain_delay)]
"""A Delay, or just its fixed part: `"100ms"`."""


@dataclass(frozen=True, slots=True, config=_STRICT)
class Rate:
    """A token bucket: calls per second, and how many may come at once."""

    rate: Annotated[float, Field(gt=0)]
    burst: Annotated[float, Field(ge=1)]


@dataclass(frozen=True, slots=True, config=_STRICT)
class Fault:
    """What goes wrong with calls of one operation (`*`: of all), optionally only for one access key.

    `drop` closes the connection instead of answering: `before` the call has had its effect, or `after` it.
    `count` is how many times at most; None is for ever. Without a count and with probability 1 it is an outage.
    """

    operation: OperationName = "*"
    error: ErrorCode | None = None
    drop: Literal["before", "after"] | None = None
    probability: Probability = 1.0
    count: Annotated[int, Field(ge=1)] | None = None
    access_key: str | None = None

    def __post_init__(self) -> None:
        """Refuse a fault without an effect, or with two."""
        if (self.error is None) == (self.drop is None):
            raise ValueError("give either error or drop")


@dataclass(frozen=True, slots=True, config=_STRICT)
class OperationFailure:
    """Accepted operations of one type (`*`: of all) that end in FAIL with this error code."""

    type: Literal[
        "*",
        "CREATE_NAMESPACE",
        "DELETE_NAMESPACE",
        "UPDATE_NAMESPACE",
        "UPDATE_SERVICE",
        "REGISTER_INSTANCE",
        "DEREGISTER_INSTANCE",
    ] = "*"
    error: Literal[
        "ACCESS_DENIED",
        "CANNOT_CREATE_HOSTED_ZONE",
        "EXPIRED_TOKEN",
        "HOSTED_ZONE_NOT_FOUND",
        "INTERNAL_FAILURE",
        "INVALID_CHANGE_BATCH",
        "THROTTLED_REQUEST",
    ] = "INTERNAL_FAILURE"
    probability: Probability = 1.0
    count: Annotated[int, Field(ge=1)] | None = None


@dataclass(frozen=True, slots=True, config=_STRICT)
class Quotas:
    """Account quotas, per account and Region; the defaults are those of a fresh account."""

    namespaces: Annotated[int, Field(ge=1)] = 50
    instances_per_namespace: Annotated[int, Field(ge=1)] = 2000
    instances_per_service: Annotated[int, Field(ge=1)] = 1000
    tags_per_resource: Annotated[int, Field(ge=1)] = MAX_TAGS


@dataclass(frozen=True, slots=True, config=_STRICT)
class Trail:
    """Where mutating calls are reported as CloudTrail would: PutEvents to the default bus of an EventBridge endpoint.

    `identities` maps an access key to the ARN of the assumed role (session) that `userIdentity` shall show.
    """

    endpoint: Annotated[str, Field(pattern=r"^https?://")]
    delay: AnyDelay = field(default_factory=Delay)
    loss: Probability = 0.0
    duplicates: Probability = 0.0
    access_key: str = "test"
    secret_key: str = "test"  # noqa: S105  what local AWS endpoints expect
    identities: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, config=_STRICT)
class Settings:
    """How this Cloud Map behaves; times are seconds (or `100ms`), everything off that is not usual."""

    operation_delay: AnyDelay = field(default_factory=lambda: Delay(0.1))
    operation_failures: tuple[OperationFailure, ...] = ()
    operations_kept: Annotated[int, Field(ge=1)] = 10_000
    reregistration_revision: Literal["changed", "always", "never"] = "changed"
    """Does RegisterInstance of a known id move InstancesRevision? Undocumented, so a switch."""
    opposite_operation_error: Literal["ResourceInUse", "DuplicateRequest"] = "ResourceInUse"
    """Register while a deregister of the same id runs, or the reverse. Undocumented, so a switch."""
    default_health_filter: Literal["ALL", "HEALTHY", "HEALTHY_OR_ELSE_ALL"] = "ALL"
    """DiscoverInstances without HealthStatus. Undocumented, so a switch."""
    reserved_attributes_count: bool = True
    """Do AWS_* attributes count towards the 30? Undocumented, so a switch; the default is the strict reading."""
    health_delay: Seconds = 30.0
    default_account: Account = "123456789012"
    authority: Annotated[str, Field(pattern=r"^https?://[^/]+$")] | None = None
    """The endpoint of the AWS that knows callers and their policies; without one every call is allowed."""
    quotas: Quotas = field(default_factory=Quotas)
    lag: AnyDelay = field(default_factory=Delay)
    """How old the data that Discover* serves is; drawn for every call, so reads can go back in time."""
    latency: Mapping[OperationName, AnyDelay] = field(default_factory=dict)
    throttle: Annotated[Mapping[OperationName, Rate], BeforeValidator(_named_rates)] = field(default_factory=dict)
    """Token buckets per operation, account and Region; `"aws"` stands for the table in `limits`."""
    throttle_error: Literal["ThrottlingException", "RequestLimitExceeded"] = "ThrottlingException"
    """For control-plane calls; Discover* always answers RequestLimitExceeded."""
    faults: tuple[Fault, ...] = ()
    cloudtrail: Trail | None = None


class SettingsError(ValueError):
    """Settings that cannot be used; `problems` has one `field: what is wrong` per mistake."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


_ADAPTER: TypeAdapter[Settings] = TypeAdapter(Settings)


def to_mapping(settings: Settings) -> dict[str, Any]:
    """Return the settings as JSON values, in the form `change` accepts."""
    dumped: dict[str, Any] = _ADAPTER.dump_python(settings, mode="json")
    return dumped


def change(settings: Settings, changes: Any) -> Settings:
    """Return the settings with some top-level fields replaced; SettingsError names every bad one."""
    if not isinstance(changes, Mapping):
        raise SettingsError(("settings: must be a JSON object",))
    try:
        return _ADAPTER.validate_python({**to_mapping(settings), **changes})
    except ValidationError as error:
        raise SettingsError(
            tuple(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors())
        ) from error
