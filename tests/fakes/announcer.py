"""A bus that notes what it accepts, and when."""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from cloudmap_mcs.ports import Appeared, Change, News


@dataclass
class InMemoryBus:
    """`before` is called before each call; what it raises, the caller gets, and nothing is accepted."""

    before: Callable[[str], None] = lambda _: None
    now: Callable[[], float] = lambda: 0.0
    calls: list[tuple[float, tuple[News, ...]]] = field(default_factory=list)
    told: threading.Condition = field(default_factory=threading.Condition)

    def announce(self, news: Collection[News]) -> None:
        self.before("announce")
        with self.told:
            self.calls.append((self.now(), tuple(news)))
            self.told.notify_all()

    @property
    def news(self) -> list[News]:
        with self.told:
            return [item for _, news in self.calls for item in news]

    @property
    def changes(self) -> list[Change]:
        return [item for item in self.news if isinstance(item, Change)]

    @property
    def appeared(self) -> list[Appeared]:
        return [item for item in self.news if isinstance(item, Appeared)]

    def wait_for(self, count: int) -> list[Change]:
        """Wait until so many changes were accepted, and return them all."""
        with self.told:
            assert self.told.wait_for(lambda: len(self.changes) >= count, 10)
        return self.changes
