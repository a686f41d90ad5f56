"""From the text of clusterset.yaml to its values, or to the list of everything that is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from cloudmap_mcs.clusterset.checks import contradictions, mapping
from cloudmap_mcs.clusterset.mistakes import WHOLE, ClustersetError, Mistake
from cloudmap_mcs.clusterset.schema import Cluster, Clusterset, Hub, Importer, Network, Part, StubZone, Watcher
from cloudmap_mcs.domain.names import derived_cluster_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_FILLED_IN = ("account", "region", "functions_account")


def load(path: Path) -> Clusterset:
    """Read the clusterset; raises ClustersetError with every mistake, also when the file cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        allowed = "copy clusterset.example.yaml to clusterset.yaml and edit it"
        raise ClustersetError(str(path), [Mistake(WHOLE, f"cannot be read ({error})", allowed)]) from error
    return parse(text, source=str(path))


def parse(text: str, *, source: str) -> Clusterset:
    """Read the clusterset from a YAML text; `source` names it in the error."""
    try:
        raw = yaml.load(text, Loader=_UniqueKeys)  # noqa: S506 -- a SafeLoader that also refuses repeated keys
    except yaml.YAMLError as error:
        says = f"is not YAML: {' '.join(str(error).split())}"
        raise ClustersetError(source, [Mistake(WHOLE, says, "allowed is YAML")]) from error
    if not isinstance(raw, dict):
        raise ClustersetError(
            source, [Mistake(WHOLE, f"holds {raw!r}", "allowed is a mapping, see clusterset.example.yaml")]
        )
    filled = _filled(raw)
    mistakes: list[Mistake] = []
    value: Clusterset | None = None
    try:
        value = Clusterset.model_validate(filled)
    except ValidationError as error:
        mistakes = [_mistake(detail, raw) for detail in error.errors() if _is_own(detail, raw)]
    mistakes += contradictions(filled)
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


def _filled(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in what a cluster leaves out: account and Region of the hub, and functions in its own account."""
    hub, clusters = mapping(raw.get("hub")), raw.get("clusters")
    if not isinstance(clusters, list):
        return dict(raw)
    default = {key: hub[key] for key in ("account", "region") if key in hub}
    return {**raw, "clusters": [_entry(default, c) if isinstance(c, dict) else c for c in clusters]}


def _entry(default: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    located = {**default, **entry}
    own = {"functions_account": located["account"]} if "account" in located else {}
    return {**own, **located}


def _is_own(detail: Any, raw: Mapping[str, Any]) -> bool:
    """Set aside what follows from another mistake: a bad value that was filled in, a list of only bad entries."""
    location = detail["loc"]
    if detail["type"] == "too_short":
        return location != ("clusters",) or not raw.get("clusters")
    if location[0] != "clusters" or location[-1] not in _FILLED_IN or detail["type"] == "extra_forbidden":
        return True
    if location[-1] in raw["clusters"][location[1]]:
        return True
    return location[-1] != "functions_account" and location[-1] not in mapping(raw.get("hub"))


def _mistake(detail: Any, raw: Mapping[str, Any]) -> Mistake:
    location: tuple[str | int, ...] = detail["loc"]
    if detail["type"] == "extra_forbidden":
        known = ", ".join(_fields(location[:-1]))
        return Mistake(_path(location), location[-1], f"no such key here, known are: {known}")
    value = None if detail["type"] == "missing" else detail["input"]
    return Mistake(_path(location), value, f"allowed is {_description(location)}{_proposal(location, raw)}")


def _proposal(location: Sequence[str | int], raw: Mapping[str, Any]) -> str:
    """Propose an id made of the EKS name where an id is missing or wrong."""
    match location:
        case ("clusters", int(index), "id") if isinstance(eks := raw["clusters"][index].get("eks"), str):
            return f"; for example {derived_cluster_id(eks)}"
        case _:
            return ""


def _path(location: Sequence[str | int]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".")


def _model(location: Sequence[str | int]) -> type[Part]:
    """Find the model that holds the keys below a location."""
    models: dict[str | int, type[Part]] = {
        "hub": Hub,
        "watcher": Watcher,
        "stub_zone": StubZone,
        "importer": Importer,
        "clusters": Cluster,
        "network": Network,
    }
    return next((models[part] for part in reversed(location) if part in models), Clusterset)


def _fields(location: Sequence[str | int]) -> list[str]:
    return list(_model(location).model_fields)


def _description(location: Sequence[str | int]) -> str:
    *above, last = location
    if isinstance(last, int):
        return "a mapping with id and eks" if above == ["clusters"] else _description(above)
    return _model(above).model_fields[last].description or ""
