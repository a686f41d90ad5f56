"""A queue of keys: the same key twice is once, a key is with one worker at a time, failures back off per key."""

import threading
from collections.abc import Callable, Hashable
from enum import IntEnum
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 60.0


class Urgency(IntEnum):
    """Lower comes first among what is due."""

    CHANGE = 0
    AUDIT = 1


class WorkQueue(Generic[K]):
    """Thread-safe. `monotonic` gives seconds; `random` numbers from 0 up to 1, for jitter."""

    def __init__(self, *, monotonic: Callable[[], float], random: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._random = random
        self._waiting: dict[K, tuple[float, Urgency]] = {}
        self._taken: set[K] = set()
        self._failures: dict[K, int] = {}
        self._changed = threading.Condition()
        self._is_closed = False

    def add(self, key: K, *, after: float = 0.0, urgency: Urgency = Urgency.CHANGE) -> None:
        """Put a key in, due in `after` seconds; a key that waits already keeps the earlier time and higher urgency."""
        with self._changed:
            due = self._monotonic() + after
            held = self._waiting.get(key, (due, urgency))
            self._waiting[key] = (min(held[0], due), min(held[1], urgency))
            self._changed.notify()

    def take(self) -> K | None:
        """Wait for a due key that no other worker has; None once the queue is closed."""
        with self._changed:
            while not self._is_closed:
                now = self._monotonic()
                free = [(item, key) for key, item in self._waiting.items() if key not in self._taken]
                ready = [(urgency, due, key) for (due, urgency), key in free if due <= now]
                if ready:
                    key = min(ready, key=lambda entry: entry[:2])[2]
                    del self._waiting[key]
                    self._taken.add(key)
                    self._changed.notify()  # somebody must watch what else is or falls due
                    return key
                soonest = min((due for (due, _), _ in free), default=None)
                self._changed.wait(None if soonest is None else soonest - now)
            return None

    def succeeded(self, key: K) -> None:
        """Give a key back; its back-off starts anew."""
        with self._changed:
            self._taken.discard(key)
            self._failures.pop(key, None)
            self._changed.notify()

    def failed(self, key: K, *, at_least: float = 0.0) -> None:
        """Give a key back to be tried again, later each time (full jitter up to a minute)."""
        with self._changed:
            failures = self._failures.get(key, 0)
            self._failures[key] = failures + 1
            self._taken.discard(key)
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures, 10))
        self.add(key, after=max(at_least, pause * (0.5 + self._random() / 2)))

    def close(self) -> None:
        """Let every worker go."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    @property
    def depth(self) -> int:
        """Keys waiting or with a worker."""
        with self._changed:
            return len(self._waiting.keys() | self._taken)
