"""Workers: take a key, export it, announce it, decide when to look again."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.errors import IdentityError, McsError, RetryableError
from cloudmap_mcs.reconcile.exporting import Exported, Exporter
from cloudmap_mcs.watcher.announcing import Announcements
from cloudmap_mcs.watcher.leading import Leadership
from cloudmap_mcs.watcher.membership import Membership
from cloudmap_mcs.watcher.workqueue import Urgency, WorkQueue

WORKERS: Final = 32
"""Most of a worker's time is waiting for an operation of Cloud Map."""
PERMANENT_SECONDS: Final = 300.0
"""Until a failure that needs a person is tried again by itself."""

log = logging.getLogger("cloudmap_mcs.watcher")


@dataclass(frozen=True, slots=True)
class Workers:
    """A pool of threads on one queue. They stop writing the moment the Lease is no longer held."""

    queue: WorkQueue[ServiceKey]
    exporter: Exporter
    announcements: Announcements
    membership: Membership
    leadership: Leadership
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        for number in range(WORKERS):
            thread = threading.Thread(target=self._run, name=f"worker-{number}", daemon=True)
            self.threads.append(thread)
            thread.start()

    def join(self, left: Callable[[], float]) -> None:
        """Wait until every worker has finished the key it had when the queue was closed; `left` are seconds for all."""
        for thread in self.threads:
            thread.join(left())

    @property
    def are_alive(self) -> bool:
        return all(thread.is_alive() for thread in self.threads)

    def _run(self) -> None:
        while (key := self.queue.take()) is not None:
            if not self.leadership.is_held():
                return
            self._work(key)

    def _work(self, key: ServiceKey) -> None:
        extra = {"namespace": key.namespace, "service_name": key.name}
        try:
            done = self.exporter.reconcile(key)
        except McsError as error:
            log.warning("export failed", extra={**extra, "reason": error.reason, "problem": str(error)})
            self.queue.failed(key, at_least=_pause(error))
        except Exception:
            log.exception("a bug: the key is tried again", extra=extra)
            self.queue.failed(key)
        else:
            self._tell(done, extra)
            if done.unsaid:
                told = {"reason": done.unsaid.reason, "problem": str(done.unsaid)}
                log.warning("conditions not written", extra={**extra, **told})
                self.queue.failed(key)
            else:
                self.queue.succeeded(key)

    def _tell(self, done: Exported, extra: dict[str, str]) -> None:
        if done.announcement:
            self.announcements.add(done.announcement)
            extra = {**extra, "generation": str(done.announcement.generation)}
        if done.action != "unchanged":
            log.info(done.action, extra=extra)
        for condition in done.conditions:
            told = {"condition": condition.type, "status": condition.status, "reason": condition.reason}
            log.info("condition written", extra={**extra, **told})
        if done.look_again is not None:
            self.queue.add(done.key, after=done.look_again, urgency=Urgency.AUDIT)
        self.membership.keys_changed()


def _pause(error: McsError) -> float:
    if isinstance(error, RetryableError):
        return error.retry_after or 0.0
    return 0.0 if isinstance(error, IdentityError) else PERMANENT_SECONDS
