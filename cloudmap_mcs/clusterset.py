"""The schema of clusterset.yaml, the one file a user edits, and the list of everything that is wrong with it.

The only module of this package that `infra` imports; in the package itself only the command line (`cli`) imports it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_LABEL = r"^[a-z0-9]([a-z0-9-]{0,43}[a-z0-9])?$"
_REGION = r"^[a-z]{2}(-[a-z]+)+-[1-9]$"
_EKS = r"^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$"
_WHOLE = "the file"

ResyncMinutes = Literal[1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60]
Retention = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to change in the file: where it is, what is written there, what may be written."""

    path: str
    value: object
    allowed: str

    def __str__(self) -> str:
        if self.path == _WHOLE:
            return f"{self.path} {self.value}; {self.allowed}"
        written = "missing" if self.value is None else f"{self.value!r} is not allowed"
        return f"{self.path}: {written}; {self.allowed}"


class ClustersetError(ValueError):
    """The file cannot be used; `mistakes` has all of them, in the order of the file's keys."""

    def __init__(self, source: str, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__("\n".join([f"{source} has {count}, nothing was made:", *(f"  {m}" for m in mistakes)]))


def _account_text(value: object) -> object:
    """Take an unquoted account too: twelve digits are a YAML integer, but a leading zero makes it octal."""
    return str(value) if isinstance(value, int) and len(str(value)) == 12 else value  # noqa: PLR2004 -- an AWS account


def _off(value: object) -> object:
    """Undo YAML 1.1, which reads an unquoted `off` as false."""
    return "off" if value is False else value


def _not_a_truth(value: object) -> object:
    """Refuse YAML's yes and true, which a list of numbers with a 1 in it would let in."""
    if isinstance(value, bool):
        raise ValueError("not a number")  # noqa: TRY004 -- pydantic reports a ValueError, a TypeError ends it
    return value


Account = Annotated[str, BeforeValidator(_account_text), StringConstraints(pattern=r"^[0-9]{12}$")]
Label = Annotated[str, StringConstraints(pattern=_LABEL)]
Region = Annotated[str, StringConstraints(pattern=_REGION)]
EksName = Annotated[str, StringConstraints(pattern=_EKS)]

_ACCOUNT = "an AWS account: twelve digits in quotes"
_REGION_SAYS = "a Region such as us-east-1"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Hub(_Part):
    """Where the Cloud Map namespace and the event bus live."""

    account: Account = Field(description=_ACCOUNT)
    region: Region = Field(description=_REGION_SAYS)


class Watcher(_Part):
    """The Deployment that exports from each cluster."""

    replicas: int = Field(default=2, ge=1, le=5, description="1 to 5; one is active, the others stand by")
    log_level: LogLevel = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")


class Importer(_Part):
    """The Lambda function that imports into a cluster; one per cluster, all alike."""

    architecture: Literal["arm64", "x86_64"] = Field(default="arm64", description="arm64 or x86_64")
    memory_mib: int = Field(default=512, ge=256, le=10240, description="256 to 10240 MiB; CPU grows with it")
    timeout_seconds: int = Field(default=30, ge=20, le=120, description="20 to 120 seconds")
    concurrency: int = Field(default=5, ge=2, le=100, description="2 to 100 invocations at a time from the queue")
    log_level: LogLevel = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_retention_days: Annotated[Retention, BeforeValidator(_not_a_truth)] = Field(
        default=30,
        description=f"a number of days that CloudWatch Logs knows: {', '.join(map(str, get_args(Retention)))}",
    )


class Cluster(_Part):
    """One EKS cluster of the clusterset."""

    id: Label = Field(description="one DNS label of at most 45 characters (quote it if YAML reads it otherwise)")
    eks: EksName = Field(description="the name of an EKS cluster: letters, digits, - and _, at most 100")
    account: Account = Field(description=_ACCOUNT)
    region: Region = Field(description=_REGION_SAYS)
    state: Literal["member", "leaving"] = Field(default="member", description="member or leaving")


class Clusterset(_Part):
    """The whole file; `clusters` have the hub's account and Region filled in where they name none."""

    clusterset: Label = Field(description="one DNS label of at most 45 characters")
    hub: Hub = Field(description="a mapping with account and region")
    resync_minutes: Annotated[ResyncMinutes, BeforeValidator(_not_a_truth)] = Field(
        default=5,
        description=f"a number of minutes that divides an hour: {', '.join(map(str, get_args(ResyncMinutes)))}",
    )
    cloudtrail: Annotated[Literal["existing", "create", "off"], BeforeValidator(_off)] = Field(
        default="existing", description="existing (you have a trail of write events), create or off"
    )
    watcher: Watcher = Field(default=Watcher(), description="a mapping")
    importer: Importer = Field(default=Importer(), description="a mapping")
    clusters: tuple[Cluster, ...] = Field(min_length=1, strict=False, description="a list of at least one cluster")

    @property
    def members(self) -> tuple[str, ...]:
        """The ids whose exports importers accept, sorted; a leaving cluster still imports but offers nothing."""
        return tuple(sorted(cluster.id for cluster in self.clusters if cluster.state == "member"))


def load(path: Path) -> Clusterset:
    """Read the clusterset; raises ClustersetError with every mistake, also when the file cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        allowed = "copy clusterset.example.yaml to clusterset.yaml and edit it"
        raise ClustersetError(str(path), [Mistake(_WHOLE, f"cannot be read ({error})", allowed)]) from error
    return parse(text, source=str(path))


def parse(text: str, *, source: str) -> Clusterset:
    """Read the clusterset from a YAML text; `source` names it in the error."""
    try:
        raw = yaml.load(text, Loader=_UniqueKeys)  # noqa: S506 -- a SafeLoader that also refuses repeated keys
    except yaml.YAMLError as error:
        says = f"is not YAML: {' '.join(str(error).split())}"
        raise ClustersetError(source, [Mistake(_WHOLE, says, "allowed is YAML")]) from error
    if not isinstance(raw, dict):
        raise ClustersetError(
            source, [Mistake(_WHOLE, f"holds {raw!r}", "allowed is a mapping, see clusterset.example.yaml")]
        )
    filled = _with_hub(raw)
    mistakes: list[Mistake] = []
    value: Clusterset | None = None
    try:
        value = Clusterset.model_validate(filled)
    except ValidationError as error:
        mistakes = [_mistake(detail) for detail in error.errors() if _is_own(detail, raw)]
    mistakes += [*_repeated(filled, "id"), *_repeated(filled, "eks"), *_elsewhere(filled), *_nobody_left(filled)]
    if value is None or mistakes:
        raise ClustersetError(source, mistakes)
    return value


class _UniqueKeys(yaml.SafeLoader):
    """Refuses a mapping that has a key twice, of which YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = key_node.value
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    "reading a mapping", node.start_mark, f"key {key!r} is there twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _with_hub(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in the hub's account and Region in every cluster that names none."""
    hub, clusters = _mapping(raw.get("hub")), raw.get("clusters")
    if not isinstance(clusters, list):
        return dict(raw)
    default = {key: hub[key] for key in ("account", "region") if key in hub}
    return {**raw, "clusters": [{**default, **c} if isinstance(c, dict) else c for c in clusters]}


def _is_own(detail: Any, raw: Mapping[str, Any]) -> bool:
    """Set aside what follows from another mistake: a bad value taken from the hub, a list of only bad entries."""
    location = detail["loc"]
    if detail["type"] == "too_short":
        return not raw.get("clusters")
    if location[0] == "clusters" and location[-1] in {"account", "region"} and detail["type"] != "extra_forbidden":
        return location[-1] in raw["clusters"][location[1]] or location[-1] not in _mapping(raw.get("hub"))
    return True


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _mistake(detail: Any) -> Mistake:
    location: tuple[str | int, ...] = detail["loc"]
    if detail["type"] == "extra_forbidden":
        known = ", ".join(_fields(location[:-1]))
        return Mistake(_path(location), location[-1], f"no such key here, known are: {known}")
    value = None if detail["type"] == "missing" else detail["input"]
    return Mistake(_path(location), value, f"allowed is {_description(location)}")


def _path(location: Sequence[str | int]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")


def _model(location: Sequence[str | int]) -> type[_Part]:
    """Find the model that holds the keys below a location; every list here is the list of clusters."""
    models: dict[str | int, type[_Part]] = {"hub": Hub, "watcher": Watcher, "importer": Importer, "clusters": Cluster}
    return models[location[0]] if location else Clusterset


def _fields(location: Sequence[str | int]) -> list[str]:
    return list(_model(location).model_fields)


def _description(location: Sequence[str | int]) -> str:
    last = location[-1]
    if isinstance(last, int):
        return "a mapping with id and eks"
    return _model(location[:-1]).model_fields[last].description or ""


def _entries(raw: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    clusters = raw.get("clusters")
    for index, entry in enumerate(clusters if isinstance(clusters, list) else ()):
        if isinstance(entry, dict):
            yield index, entry


def _repeated(raw: Mapping[str, Any], key: Literal["id", "eks"]) -> Iterator[Mistake]:
    """Find ids used twice, and EKS clusters (name, account and Region) that are in the clusterset twice."""
    first: dict[tuple[object, ...], int] = {}
    for index, entry in _entries(raw):
        if not isinstance(entry.get(key), str):
            continue
        whole = (entry[key],) if key == "id" else (entry[key], str(entry.get("account")), entry.get("region"))
        if whole in first:
            yield Mistake(f"clusters[{index}].{key}", entry[key], f"clusters[{first[whole]}] has it already")
        first.setdefault(whole, index)


def _elsewhere(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """Refuse other accounts and Regions: they need forwarded events and a shared namespace, not set up yet."""
    hub = _mapping(raw.get("hub"))
    for index, entry in _entries(raw):
        for key, pattern in (("account", r"[0-9]{12}"), ("region", _REGION)):
            mine, hubs = entry.get(key), hub.get(key)
            if hubs is not None and str(mine) != str(hubs) and re.fullmatch(pattern, str(mine)):
                allowed = f"allowed is {hubs!r}, the hub's: clusters elsewhere cannot be reached by its events yet"
                yield Mistake(f"clusters[{index}].{key}", mine, allowed)


def _nobody_left(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    states = [entry.get("state", "member") for _, entry in _entries(raw)]
    if states and all(state == "leaving" for state in states):
        yield Mistake("clusters", "state: leaving for all", "at least one must be a member (or destroy the stacks)")
