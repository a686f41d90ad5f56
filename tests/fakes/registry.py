"""A registry in memory with a timed history per cluster, so that reads can lag as the data plane's may."""

from collections.abc import Callable
from dataclasses import dataclass, field

from cloudmap_mcs.domain.model import ClusterId, Record, ServiceKey
from cloudmap_mcs.errors import MalformedRecordError
from cloudmap_mcs.ports import Discovery, Index, Member, SetAside

Source = tuple[ServiceKey, ClusterId]


@dataclass
class InMemoryRegistry:
    """`lag` gives for each read how many writes back the data plane is; `before` is called before every port call."""

    lag: Callable[[], int] = lambda: 0
    before: Callable[[str], None] = lambda _: None
    history: dict[Source, list[tuple[int, Record | None]]] = field(default_factory=dict)
    now: int = 0
    members: dict[ClusterId, Member] = field(default_factory=dict)
    set_aside: tuple[SetAside, ...] = ()
    malformed: set[ClusterId] = field(default_factory=set)
    asked: list[tuple[ClusterId, str | None]] = field(default_factory=list)

    def write(self, key: ServiceKey, cluster: ClusterId, record: Record | None) -> None:
        self.now += 1
        self.history.setdefault((key, cluster), []).append((self.now, record))

    def truth(self, key: ServiceKey) -> tuple[Record, ...]:
        return self._at(key, lambda: 0)

    def discover(self, key: ServiceKey) -> Discovery:
        self.before("discover")
        records = tuple(record for record in self._at(key, self.lag) if record.cluster not in self.malformed)
        spoilt = tuple(SetAside(cluster, "does not parse") for cluster in sorted(self.malformed))
        return Discovery(records, (*self.set_aside, *spoilt))

    def read(self, key: ServiceKey, cluster: ClusterId, service_id: str | None) -> Record | None:
        self.before("read")
        self.asked.append((cluster, service_id))
        if cluster in self.malformed:
            raise MalformedRecordError(f"{key} of {cluster}: does not parse")
        return self._of((key, cluster), 0)

    def index(self) -> Index:
        self.before("index")
        return Index(tuple(self.members.values()), self.set_aside)

    def key_of(self, service_id: str) -> ServiceKey | None:
        self.before("key_of")
        return next((key for key, _ in self.history if str(key) == service_id), None)

    def _at(self, key: ServiceKey, lag: Callable[[], int]) -> tuple[Record, ...]:
        sources = sorted(source for source in self.history if source[0] == key)
        found = (self._of(source, lag()) for source in sources)
        return tuple(record for record in found if record)

    def _of(self, source: Source, lag: int) -> Record | None:
        past = [record for at, record in self.history.get(source, []) if at <= self.now - lag]
        return past[-1] if past else None
