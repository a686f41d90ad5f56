"""At start and every resync period: every own key is compared with the registry itself, and empty services go."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.errors import McsError
from cloudmap_mcs.ports import RegistryWriter
from cloudmap_mcs.reconcile.ledger import Ledger
from cloudmap_mcs.watcher.workqueue import Urgency, WorkQueue

SWEEP_SECONDS = 3600.0
"""Between two looks for empty Cloud Map services; one that was empty both times is deleted."""

log = logging.getLogger("cloudmap_mcs.watcher")


@dataclass(slots=True)
class Audit:
    """A thread that puts all keys back into the queue, behind those that change."""

    queue: WorkQueue[ServiceKey]
    ledger: Ledger
    registry: RegistryWriter
    own_keys: Callable[[], frozenset[ServiceKey]]
    period: float
    monotonic: Callable[[], float]
    _stopping: threading.Event = field(default_factory=threading.Event)
    _empty: frozenset[ServiceKey] = frozenset()
    _inherited: frozenset[ServiceKey] = frozenset()
    _swept: float = 0.0
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def start(self, inherited: frozenset[ServiceKey]) -> None:
        """Audit soon, with the keys an earlier watcher left, and then every period.

        What it wrote last before it died may not be in the index yet, so all Cloud Map services are listed once. That
        comes first, since the registry then knows which service to ask about each key; if they cannot be listed, the
        audit goes without, and the next one tries again.
        """
        self._inherited = inherited
        self._swept = self.monotonic()
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        self._stopping.set()

    def _enqueue(self, inherited: frozenset[ServiceKey]) -> None:
        for key in sorted(self.ledger.doubt() | self.own_keys() | inherited):
            self.queue.add(key, urgency=Urgency.AUDIT)

    def _find_unlisted(self) -> bool:
        try:
            found = self.registry.keys()
        except McsError as error:
            log.warning("listing services failed", extra={"reason": error.reason, "problem": str(error)})
            return False
        for key in sorted(found):
            self.queue.add(key, urgency=Urgency.AUDIT)
        return True

    def _run(self) -> None:
        is_listed = self._find_unlisted()
        self._enqueue(self._inherited)
        while not self._stopping.wait(self.period):
            self._enqueue(frozenset())
            is_listed = is_listed or self._find_unlisted()
            if self.monotonic() - self._swept >= SWEEP_SECONDS:
                self._swept = self.monotonic()
                try:
                    self._sweep()
                except McsError as error:
                    log.warning("sweep failed", extra={"reason": error.reason, "problem": str(error)})

    def _sweep(self) -> None:
        empty = self.registry.empty_services()
        for key in sorted(empty & self._empty - self.ledger.exported()):
            if self.registry.drop_empty(key):
                log.info("empty service removed", extra={"namespace": key.namespace, "service_name": key.name})
        self._empty = empty
