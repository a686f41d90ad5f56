"""What one cluster's record of one key should become.

Compared with the last acknowledged write, never with a read that may lag.
"""

from dataclasses import dataclass
from typing import Final

from cloudmap_mcs.domain.model import ClusterId, Export, Gap, Record, next_generation
from cloudmap_mcs.domain.offers import NoExport

TOMBSTONE_MS: Final = 15 * 60 * 1000
"""How long a tombstone stays: longer than any message or read can be late."""


@dataclass(frozen=True, slots=True)
class Keep:
    """The registry holds what it should."""


@dataclass(frozen=True, slots=True)
class Write:
    """Put this record: an Export, or a tombstone."""

    record: Record

    @property
    def is_withdrawal(self) -> bool:
        return self.record.content is Gap.UNEXPORTED


@dataclass(frozen=True, slots=True)
class Wait:
    """A tombstone is too young to go: look again in so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Remove:
    """The tombstone has done its work: deregister it."""

    record: Record


Step = Keep | Write | Wait | Remove


def step(own: ClusterId, owner: str, want: Export | NoExport, held: Record | None, *, now_ms: int) -> Step:
    """Decide what to do about cluster `own`'s record of a key, given what it acknowledged last."""
    generation = next_generation(now_ms, held.generation if held else 0)
    if isinstance(want, Export):
        if held and held.content == want and held.owner == owner:
            return Keep()
        return Write(Record(own, generation, want, owner=owner))
    if held is None:
        return Keep()
    if held.content is not Gap.UNEXPORTED:
        return Write(Record(own, generation, Gap.UNEXPORTED, owner=owner))
    left = min(TOMBSTONE_MS, held.generation + TOMBSTONE_MS - now_ms)
    return Wait(left / 1000) if left > 0 else Remove(held)
