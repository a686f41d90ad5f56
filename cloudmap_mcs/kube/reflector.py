"""List and watch one kind, keep small values of it, and say which keys changed.

The client library's informer busy-loops on 410 and hangs on half-open connections (docs/adr/0004); this one lists in
pages, watches with bookmarks and two timeouts, backs off with jitter, and stops at once.
"""

import logging
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from cloudmap_mcs.errors import McsError, UnreachableError
from cloudmap_mcs.kube.backoff import Backoff
from cloudmap_mcs.kube.client import KubeClient, Query
from cloudmap_mcs.kube.failures import GoneError
from cloudmap_mcs.kube.manifests.reading import UNREADABLE

if TYPE_CHECKING:
    from cloudmap_mcs.kube.streams import EventStream

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
ObjectName = tuple[str, str]

STOP_SECONDS: Final = 15.0
_PROBLEM_LIMIT: Final = 300

log = logging.getLogger("cloudmap_mcs.kube")


@dataclass(frozen=True, slots=True)
class Interest(Generic[K, V]):
    """What to hold of a kind: the collection's path, a projection (None: leave it out) and the key it belongs to.

    An object whose projection raises ValueError, TypeError, LookupError or AttributeError is left out, too.
    """

    path: str
    project: Callable[[Mapping[str, Any]], V | None]
    key_of: Callable[[V], K]
    selector: str = ""

    @property
    def query(self) -> Query:
        return (("labelSelector", self.selector),) if self.selector else ()


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: how long one watch lasts (plus up to `jitter`), how much longer silence is borne, and the safety net."""

    watch: float = 300.0
    jitter: float = 30.0
    grace: float = 15.0
    relist: float = 1_200.0


@dataclass(frozen=True, slots=True)
class Chance:
    """Randomness and time, handed in: `random` gives numbers from 0 up to 1, `monotonic` seconds.

    `wait` waits for an event for so many seconds at most.
    """

    random: Callable[[], float]
    monotonic: Callable[[], float]
    wait: Callable[[threading.Event, float], object] = threading.Event.wait


class Reflector(Generic[K, V]):
    """One kind of one API server as values by key, kept up to date by a thread of its own.

    `changed` is called on that thread with the key of every value that came, went or differs; it must not block.
    """

    def __init__(
        self,
        client: KubeClient,
        interest: Interest[K, V],
        *,
        changed: Callable[[K], None],
        chance: Chance,
        pace: Pace = Pace(),
    ) -> None:
        self._client = client
        self._interest = interest
        self._changed = changed
        self._chance = chance
        self._pace = pace
        self._backoff = Backoff(random=chance.random, monotonic=chance.monotonic)
        self._lock = threading.Lock()
        self._held: dict[K, dict[ObjectName, V]] = {}
        self._keys: dict[ObjectName, K] = {}
        self._unread: dict[ObjectName, str] = {}
        self._stopping = threading.Event()
        self._synced = threading.Event()
        self._stream: EventStream | None = None
        self._version = ""
        self._relist_at = 0.0
        self._last_sync = self._last_event = chance.monotonic()
        self._last_failure: McsError | None = None
        self._thread = threading.Thread(target=self.run, name=f"reflect {interest.path}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the watch at once, from any thread, and wait for the reflector's own, at most as long as a call lasts."""
        self._stopping.set()
        with self._lock:
            stream = self._stream
        if stream is not None:
            stream.close()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(STOP_SECONDS)

    def wait_synced(self, timeout: float) -> bool:
        """Say whether the first list has been taken in, after at most `timeout` seconds."""
        return self._synced.wait(timeout)

    @property
    def is_synced(self) -> bool:
        return self._synced.is_set()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def last_event_age(self) -> float:
        """Seconds since the server last said anything: a list, an event, a bookmark or the orderly end of a watch."""
        return self._chance.monotonic() - self._last_event

    @property
    def last_sync_age(self) -> float:
        """Seconds since the last whole list."""
        return self._chance.monotonic() - self._last_sync

    @property
    def last_failure(self) -> McsError | None:
        """Why the last attempt failed; None while all is well."""
        return self._last_failure

    def get(self, key: K) -> tuple[V, ...]:
        """Give the values of a key, ordered by object name."""
        with self._lock:
            return tuple(value for _, value in sorted(self._held.get(key, {}).items(), key=lambda item: item[0]))

    def keys(self) -> frozenset[K]:
        with self._lock:
            return frozenset(self._held)

    def run(self) -> None:
        """Reflect until `stop`; `start` does this on a thread."""
        while not self._stopping.is_set():
            try:
                if not self._version or self._chance.monotonic() >= self._relist_at:
                    self._list()
                if self._version:
                    self._watch()
            except McsError as error:
                if isinstance(error, GoneError):
                    self._version = ""
                self._last_failure = error
                self._chance.wait(self._stopping, self._backoff.after_failure())

    def _list(self) -> None:
        fresh: dict[ObjectName, tuple[K, V]] = {}
        there: set[ObjectName] = set()
        version = ""
        for page in self._client.pages(self._interest.path, query=self._interest.query):
            version = page["metadata"]["resourceVersion"]
            for item in page["items"] or ():
                there.add(_name(item))
                fresh.update(self._kept(item))
            if self._stopping.is_set():
                return
        self._unread = {name: seen for name, seen in self._unread.items() if name in there}
        touched = self._take_over(fresh)
        self._version = version
        self._last_sync = self._last_event = self._chance.monotonic()
        self._relist_at = self._last_sync + self._pace.relist * (1 + self._chance.random() / 2)
        self._announce(touched)
        self._synced.set()

    def _kept(self, raw: Mapping[str, Any]) -> Iterator[tuple[ObjectName, tuple[K, V]]]:
        """Project an object; one that cannot be read is not there, even if an older state of it was held.

        What is held must follow from what the cluster holds, not from how long this process has run: after a restart
        the old state would be gone anyway. And what goes is told in a condition, while what is kept looks healthy.
        """
        name = _name(raw)
        try:
            value = self._interest.project(raw)
        except UNREADABLE as error:
            self._report(name, raw, error)
            return
        self._unread.pop(name, None)
        if value is not None:
            yield name, (self._interest.key_of(value), value)

    def _report(self, name: ObjectName, raw: Mapping[str, Any], error: Exception) -> None:
        """Say once for each state of an object that it cannot be read, and why."""
        version = raw["metadata"].get("resourceVersion", "")
        if self._unread.get(name) == version:
            return
        self._unread[name] = version
        kind, problem = self._interest.path.rpartition("/")[2], repr(error)[:_PROBLEM_LIMIT]
        told = {"kind": kind, "namespace": name[0], "object": name[1], "problem": problem}
        log.warning("object cannot be read and is left out", extra=told)

    def _take_over(self, fresh: Mapping[ObjectName, tuple[K, V]]) -> list[K]:
        with self._lock:
            gone = [name for name in self._keys if name not in fresh]
            touched = [key for name in gone for key in self._put(name, None)]
            for name, kept in fresh.items():
                touched += self._put(name, kept)
        return touched

    def _put(self, name: ObjectName, kept: tuple[K, V] | None) -> list[K]:
        """Hold a value under its key, or drop it, and give the keys that this changes; the lock is held."""
        old_key = self._keys.get(name)
        old = self._held[old_key][name] if old_key is not None else None
        if kept is not None and kept == (old_key, old):
            return []
        touched: list[K] = []
        if old_key is not None:
            touched.append(old_key)
            del self._keys[name], self._held[old_key][name]
            if not self._held[old_key]:
                del self._held[old_key]
        if kept is not None:
            key, value = kept
            self._keys[name] = key
            self._held.setdefault(key, {})[name] = value
            touched.append(key)
        return touched

    def _watch(self) -> None:
        seconds = self._pace.watch + self._pace.jitter * self._chance.random()
        query: Query = (
            *self._interest.query,
            ("resourceVersion", self._version),
            ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", str(max(1, round(seconds)))),
        )
        began, heard = self._chance.monotonic(), False
        stream = self._client.watch(self._interest.path, query=query, silence=seconds + self._pace.grace)
        with self._lock:
            self._stream = stream
        if self._stopping.is_set():
            stream.close()
        self._last_failure = None
        for event in stream:
            self._take_in(event)
            heard = True
        self._last_event = self._chance.monotonic()
        if not heard and self._last_event - began < 1 and not self._stopping.is_set():
            raise UnreachableError(f"GET {self._interest.path}: the watch ended as soon as it began")

    def _take_in(self, event: Mapping[str, Any]) -> None:
        raw = event["object"]
        if event["type"] != "BOOKMARK":
            name, is_gone = _name(raw), event["type"] == "DELETED"
            kept = None if is_gone else next((kept for _, kept in self._kept(raw)), None)
            if is_gone:
                self._unread.pop(name, None)
            with self._lock:
                touched = self._put(name, kept)
            self._announce(touched)
        self._version = raw["metadata"]["resourceVersion"]
        self._last_event = self._chance.monotonic()

    def _announce(self, touched: list[K]) -> None:
        for key in dict.fromkeys(touched):
            self._changed(key)


def _name(raw: Mapping[str, Any]) -> ObjectName:
    metadata = raw["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
