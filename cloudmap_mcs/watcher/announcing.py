"""Announces changes: of each key the first at once, then at most one per 250 ms, kept until the bus accepts them."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.errors import McsError
from cloudmap_mcs.ports import Announcer, Change

SPACING: Final = 0.25
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 30.0

log = logging.getLogger("cloudmap_mcs.watcher")


class Announcements:
    """A thread of its own between workers and bus, so that no worker waits for it."""

    def __init__(self, announcer: Announcer, *, monotonic: Callable[[], float]) -> None:
        self._announcer = announcer
        self._monotonic = monotonic
        self._waiting: dict[ServiceKey, Change] = {}
        self._last: dict[ServiceKey, float] = {}
        self._failures = 0
        self._changed = threading.Condition()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="announcements", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, change: Change) -> None:
        """Announce a change soon; an older one of the same key that still waits is forgotten."""
        with self._changed:
            self._waiting[change.key] = change
            self._changed.notify()

    def close(self, *, seconds: float) -> None:
        """Send what waits, for at most so long, and end."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(seconds)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def depth(self) -> int:
        with self._changed:
            return len(self._waiting)

    def _run(self) -> None:
        while (due := self._take_due()) is not None:
            try:
                self._announcer.announce(due)
            except McsError as error:
                self._put_back(due, error)
            else:
                self._failures = 0

    def _take_due(self) -> list[Change] | None:
        with self._changed:
            while True:
                now = self._monotonic()
                times = {
                    key: 0.0 if self._is_closing else self._last.get(key, -SPACING) + SPACING for key in self._waiting
                }
                if due := [key for key, time in times.items() if time <= now]:
                    self._last = {key: time for key, time in self._last.items() if time + SPACING > now}
                    self._last.update(dict.fromkeys(due, now))
                    return [self._waiting.pop(key) for key in due]
                if self._is_closing:
                    return None
                self._changed.wait(min(times.values()) - now if times else None)

    def _put_back(self, changes: list[Change], error: McsError) -> None:
        self._failures += 1
        log.warning("announcing failed", extra={"reason": error.reason, "problem": str(error)})
        refused = getattr(error, "changes", changes)
        with self._changed:
            for change in refused:
                self._waiting.setdefault(change.key, change)
            if self._is_closing:
                self._changed.wait(FIRST_PAUSE)
            else:
                pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._failures, 10))
                self._changed.wait_for(lambda: self._is_closing, pause)
