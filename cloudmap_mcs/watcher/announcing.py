"""Announces news: of each key the first at once, then at most one per 250 ms, kept until the bus accepts them."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from cloudmap_mcs.errors import McsError
from cloudmap_mcs.ports import Announcer, News

SPACING: Final = 0.25
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 30.0

Topic = tuple[str, ...]

log = logging.getLogger("cloudmap_mcs.watcher")


class Announcements:
    """A thread of its own between workers and bus, so that no worker waits for it."""

    def __init__(self, announcer: Announcer, *, monotonic: Callable[[], float]) -> None:
        self._announcer = announcer
        self._monotonic = monotonic
        self._waiting: dict[Topic, News] = {}
        self._last: dict[Topic, float] = {}
        self._failures = 0
        self._changed = threading.Condition()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="announcements", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, news: News) -> None:
        """Announce something soon; what still waits about the same is forgotten."""
        with self._changed:
            self._waiting[news.topic] = news
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

    def _take_due(self) -> list[News] | None:
        with self._changed:
            while True:
                now = self._monotonic()
                times = {
                    topic: 0.0 if self._is_closing else self._last.get(topic, -SPACING) + SPACING
                    for topic in self._waiting
                }
                if due := [topic for topic, time in times.items() if time <= now]:
                    self._last = {topic: time for topic, time in self._last.items() if time + SPACING > now}
                    self._last.update(dict.fromkeys(due, now))
                    return [self._waiting.pop(topic) for topic in due]
                if self._is_closing:
                    return None
                self._changed.wait(min(times.values()) - now if times else None)

    def _put_back(self, news: list[News], error: McsError) -> None:
        self._failures += 1
        log.warning("announcing failed", extra={"reason": error.reason, "problem": str(error)})
        refused = getattr(error, "news", news)
        with self._changed:
            for item in refused:
                self._waiting.setdefault(item.topic, item)
            if self._is_closing:
                self._changed.wait(FIRST_PAUSE)
            else:
                pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._failures, 10))
                self._changed.wait_for(lambda: self._is_closing, pause)
