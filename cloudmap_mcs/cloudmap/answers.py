"""A whole DiscoverInstances answer as values. Nothing here raises: what cannot be used is set aside, one by one."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from cloudmap_mcs.cloudmap import instances, members, records, text
from cloudmap_mcs.cloudmap.instances import Address, Instance
from cloudmap_mcs.domain.model import ClusterId, Record, ServiceKey
from cloudmap_mcs.errors import MalformedRecordError
from cloudmap_mcs.ports import Discovery, Index, Member, SetAside

ANSWER_LIMIT: Final = 1_000
"""Instances in one DiscoverInstances answer, which has no second page and does not say that it was cut."""

Parts = dict[str, Instance]
T = TypeVar("T", Record, Member)


def discovery(found: Collection[Instance], key: ServiceKey, accepted: Collection[ClusterId]) -> Discovery:
    """Read the answer for a key's service; the order of instances does not matter."""
    sorted_out = _sort_out(found, accepted, lambda head, parts: records.decode(key, head, parts))
    return Discovery(tuple(sorted_out.values), sorted_out.all_aside(len(found)))


def index(found: Collection[Instance], accepted: Collection[ClusterId]) -> Index:
    """Read the answer for `members`. An accepted cluster whose entry does not parse is in it as incomplete."""
    sorted_out = _sort_out(found, accepted, members.decode)
    broken = [Member(cluster, "", "", (), 0, frozenset(), complete=False) for cluster in sorted_out.broken]
    entries = sorted([*sorted_out.values, *broken], key=lambda member: member.cluster)
    return Index(tuple(entries), sorted_out.all_aside(len(found)), is_cut=len(found) >= ANSWER_LIMIT)


@dataclass(frozen=True, slots=True)
class _SortedOut(Generic[T]):
    values: list[T]
    set_aside: list[SetAside]
    broken: list[ClusterId]

    def all_aside(self, found: int) -> tuple[SetAside, ...]:
        cut = SetAside("*", f"the answer is full ({found} instances): others may be missing")
        return (*self.set_aside, cut) if found >= ANSWER_LIMIT else tuple(self.set_aside)


def _sort_out(
    found: Iterable[Instance], accepted: Collection[ClusterId], decode: Callable[[Instance, Parts], T]
) -> _SortedOut[T]:
    ordered = {item.id: item for item in sorted(found, key=lambda item: (item.id, sorted(item.attributes.items())))}
    parts = {item.id: item for item in ordered.values() if Address.of_part(item.id) and instances.is_ours(item)}
    result: _SortedOut[T] = _SortedOut([], [], [])
    for instance in ordered.values():
        if instance.id in parts:
            continue
        problem = _stranger(instance, accepted)
        try:
            if not problem:
                result.values.append(decode(instance, parts))
        except MalformedRecordError as error:
            problem = str(error)
            result.broken.append(ClusterId(instance.id))
        if problem:
            result.set_aside.append(SetAside(instance.id, problem))
    return result


def _stranger(instance: Instance, accepted: Collection[ClusterId]) -> str:
    if not instances.is_ours(instance):
        return "foreign: it has no format attribute"
    if instance.id not in accepted:
        return f"{text.quoted(instance.id)} is not a cluster of this clusterset"
    return ""
