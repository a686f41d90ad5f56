"""A bus that notes what it accepts, and when."""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from cloudmap_mcs.ports import Change


@dataclass
class InMemoryBus:
    """`before` is called before each call; what it raises, the caller gets, and nothing is accepted."""

    before: Callable[[str], None] = lambda _: None
    now: Callable[[], float] = lambda: 0.0
    calls: list[tuple[float, tuple[Change, ...]]] = field(default_factory=list)
    told: threading.Condition = field(default_factory=threading.Condition)

    def announce(self, changes: Collection[Change]) -> None:
        self.before("announce")
        with self.told:
            self.calls.append((self.now(), tuple(changes)))
            self.told.notify_all()

    @property
    def changes(self) -> list[Change]:
        with self.told:
            return [change for _, changes in self.calls for change in changes]

    def wait_for(self, count: int) -> list[Change]:
        """Wait until so many changes were accepted, and return them all."""
        with self.told:
            assert self.told.wait_for(lambda: sum(len(changes) for _, changes in self.calls) >= count, 10)
        return self.changes
