"""The golden files: every release reads what any release has written, and writes what others can read.

Files are added, never edited. A file with `writes: false` holds what this version reads but would not write.
"""

import dataclasses
import json
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from cloudmap_mcs.cloudmap import answers, members, records
from cloudmap_mcs.cloudmap.instances import Instance
from cloudmap_mcs.domain import names
from cloudmap_mcs.domain.model import ClusterId
from cloudmap_mcs.ports import Discovery, Index, SetAside
from tests.cloudmap.checks import all_of

FOLDER = Path(__file__).parents[1] / "wire" / "v1"
SET_ASIDE = {"named-ports"}
"""Files with a record that no API server would take: none was ever written by a cluster, and none is read any more."""

GOLDEN = sorted(path for path in FOLDER.glob("*.json") if path.stem not in SET_ASIDE)
WRITTEN = [path for path in GOLDEN if json.loads(path.read_text())["writes"]]
ACCEPTED = frozenset(map(ClusterId, ("blue", "green")))


def readable(value: Any) -> Any:
    """Show a value as JSON: fields by name, defaults left out."""
    if isinstance(value, SetAside):
        return value.instance
    if dataclasses.is_dataclass(value):
        fields = {field.name: (getattr(value, field.name), field.default) for field in dataclasses.fields(value)}
        return {name: readable(held) for name, (held, default) in fields.items() if held != default}
    if isinstance(value, Enum):
        return value.name if not isinstance(value, str) else str(value)
    if isinstance(value, frozenset):
        return [readable(item) for item in sorted(value)]
    return [readable(item) for item in value] if isinstance(value, tuple) else value


def decode(golden: Mapping[str, Any]) -> Discovery | Index:
    found = [Instance(id_, attributes) for id_, attributes in golden["instances"].items()]
    key = names.service_key(golden["service"])
    return answers.discovery(found, key, ACCEPTED) if key else answers.index(found, ACCEPTED)


def encode(value: Discovery | Index, golden: Mapping[str, Any]) -> dict[str, Any]:
    key = names.service_key(golden["service"])
    if isinstance(value, Discovery):
        assert key
        encoded = [records.encode(key, record) for record in value.records]
    else:
        heads = {member.cluster: golden["instances"][member.cluster] for member in value.members}
        encoded = [
            members.encode(member, generation=int(head["generation"]), service_id=head["service-id"], known={})
            for member, head in zip(value.members, heads.values(), strict=True)
        ]
    return {item.id: dict(item.attributes) for one in encoded for item in all_of(one)}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_instances_are_read_as_they_always_were(path: Path) -> None:
    golden = json.loads(path.read_text())

    assert readable(decode(golden)) == golden["value"]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_golden_instances_are_written_as_they_always_were(path: Path) -> None:
    golden = json.loads(path.read_text())

    assert encode(decode(golden), golden) == golden["instances"]


@pytest.mark.parametrize("name", sorted(SET_ASIDE))
def test_golden_instances_that_no_cluster_can_have_written_are_set_aside(name: str) -> None:
    golden = json.loads((FOLDER / f"{name}.json").read_text())

    assert readable(decode(golden)) == {"records": [], "set_aside": sorted(golden["instances"])}


def test_there_is_a_golden_file_for_every_shape() -> None:
    whole = {"minimal", "dual-stack", "headless", "app-protocols", "endpoint-states", "tombstone", "parts"}
    partial = {"part-missing", "unknown-attribute", "newer-format", "set-aside"}
    members_too = {"members", "index-with-parts", "newer-member"}

    assert {path.stem for path in GOLDEN} >= whole | partial | members_too
