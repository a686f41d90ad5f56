"""One cluster's instances in one service: what is there, and how a new record takes the place of an old one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from cloudmap_mcs.cloudmap import splitting, text
from cloudmap_mcs.cloudmap.instances import Address, Encoded, Instance, PartRef
from cloudmap_mcs.cloudmap.operations import Operations
from cloudmap_mcs.domain.model import ClusterId
from cloudmap_mcs.errors import MalformedRecordError


@dataclass(frozen=True, slots=True)
class Held:
    """What a cluster has in a service. `generation` is the highest that any of it carries, `head` the head's digest.

    `parts` are all its part instances, listed or not; `reusable` those that can be listed again, by digest.
    """

    generation: int = -1
    head: str = ""
    parts: frozenset[str] = frozenset()
    reusable: dict[str, PartRef] = field(default_factory=dict)

    @classmethod
    def of(cls, cluster: ClusterId, found: Iterable[Instance], names: tuple[str, ...]) -> Self:
        """Pick a cluster's own out of a service's instances; somebody else may have changed them, so look closely."""
        held: dict[str, Instance] = {}
        addresses: dict[str, Address] = {}
        head = None
        for instance in found:
            address = Address.of_part(instance.id)
            if address and address.cluster == cluster:
                held[instance.id], addresses[instance.id] = instance, address
            elif instance.id == cluster:
                head = instance
        digests = {id_: splitting.digest(splitting.body(part.attributes, names)) for id_, part in held.items()}
        refs = {digests[id_]: PartRef(at.generation, at.number, digests[id_]) for id_, at in addresses.items()}
        generations = [address.generation for address in addresses.values()]
        newest = max([_generation(head), *generations])
        return cls(newest, _digest(head), frozenset(held), refs)

    @classmethod
    def after(cls, encoded: Encoded) -> Self:
        """Give what is there once a record is written."""
        refs = {ref.digest: ref for ref in splitting.listed_parts(encoded.head.attributes)}
        parts = frozenset(part.id for part in encoded.parts)
        return cls(_generation(encoded.head), _digest(encoded.head), parts, refs)

    def agrees(self, head: Instance | None) -> bool:
        """Tell whether a head that was just read is the one that is held; without a head only nothing at all agrees."""
        return self.head == _digest(head) and (head is not None or not self.parts)


def _digest(head: Instance | None) -> str:
    return "" if head is None else splitting.digest(head.attributes)


def _generation(head: Instance | None) -> int:
    if head is None:
        return -1
    try:
        return text.number(head.attributes.get("generation", ""), "generation")
    except MalformedRecordError:
        return -1


def publish(operations: Operations, service: str, held: Held, encoded: Encoded) -> Held:
    """Write a record so that readers have the old or the new one: new parts, then the head, then old parts go."""
    fresh = [part for part in encoded.parts if part.id not in held.parts]
    operations.register(service, fresh)
    operations.register(service, [encoded.head])
    operations.deregister(service, sorted(held.parts - {part.id for part in encoded.parts}))
    return Held.after(encoded)


def withdraw(operations: Operations, service: str, held: Held, cluster: ClusterId) -> None:
    """Remove all that a cluster has in a service, the head first."""
    if held.head:
        operations.deregister(service, [cluster])
    operations.deregister(service, sorted(held.parts))
