"""What no single key can be blamed for: entries that repeat, contradict or need each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from cloudmap_mcs.clusterset.mistakes import Mistake
from cloudmap_mcs.clusterset.schema import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def contradictions(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """Find them in the file as written, with defaults filled in; values of a wrong type are somebody else's matter."""
    yield from _repeated(raw, "id")
    yield from _repeated(raw, "eks")
    yield from _other_partition(raw)
    yield from _issuers(raw)
    yield from _two_images(raw)
    yield from _nobody_left(raw)


def mapping(value: object) -> Mapping[str, Any]:
    """Return a mapping as it is, and an empty one for anything else."""
    return value if isinstance(value, dict) else {}


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


def _other_partition(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """Refuse Regions of another partition: accounts, events and sharing end at its border."""
    hubs = mapping(raw.get("hub")).get("region")
    for index, entry in _entries(raw):
        mine = entry.get("region")
        if all(re.fullmatch(REGION, str(region)) for region in (mine, hubs)) and _partition(mine) != _partition(hubs):
            allowed = f"allowed is a Region of the hub's partition (that of {hubs})"
            yield Mistake(f"clusters[{index}].region", mine, allowed)


def _partition(region: object) -> str:
    """Tell partitions apart by how their Regions begin."""
    found = re.match(r"cn-|us-gov-|us-iso[a-z]*-|eu-isoe-|eusc-", str(region))
    return found[0] if found else ""


def _issuers(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    for index, entry in _entries(raw):
        is_irsa, issuer = entry.get("identity") == "irsa", entry.get("oidc_issuer")
        if is_irsa and issuer is None:
            name = entry.get("eks")
            command = f"aws eks describe-cluster --name {name} --query cluster.identity.oidc.issuer --output text"
            yield Mistake(f"clusters[{index}].oidc_issuer", None, f"identity: irsa needs what this prints: {command}")
        elif issuer is not None and not is_irsa:
            yield Mistake(f"clusters[{index}].oidc_issuer", issuer, "it is for clusters with identity: irsa")


def _two_images(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    watcher = mapping(raw.get("watcher"))
    if watcher.get("image") is not None and "base_image" in watcher:
        yield Mistake("watcher.base_image", watcher["base_image"], "watcher.image holds the code already: remove one")


def _nobody_left(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    states = [entry.get("state", "member") for _, entry in _entries(raw)]
    if states and all(state == "leaving" for state in states):
        yield Mistake("clusters", "state: leaving for all", "at least one must be a member (or destroy the stacks)")
