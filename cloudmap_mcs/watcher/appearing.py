"""Namespaces that appear in this cluster: the active replica announces them, so that their imports come at once."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger("cloudmap_mcs.watcher")


class Appearances:
    """Takes names from a reflector's thread and passes them on while somebody wants them.

    Until then it keeps them: between two active replicas lie seconds, after a crash many. What is older than `kept`
    seconds, a resync has looked at.
    """

    def __init__(self, *, kept: float, monotonic: Callable[[], float]) -> None:
        self._kept = kept
        self._monotonic = monotonic
        self._waiting: dict[str, float] = {}
        self._announce: Callable[[str], None] | None = None
        self._lock = threading.Lock()

    def add(self, namespace: str) -> None:
        """Tell of a namespace that is there now."""
        with self._lock:
            self._waiting[namespace] = self._monotonic()
            self._pass_on()

    def begin(self, announce: Callable[[str], None]) -> None:
        """Have the namespaces of the last while announced, and from now on each at once; `announce` must not block."""
        with self._lock:
            self._announce = announce
            self._pass_on()

    def end(self) -> None:
        """Keep what comes from now on."""
        with self._lock:
            self._announce = None

    def _pass_on(self) -> None:
        oldest = self._monotonic() - self._kept
        self._waiting = {name: time for name, time in self._waiting.items() if time >= oldest}
        if self._announce is None:
            return
        for namespace in self._waiting:
            log.info("namespace appeared", extra={"namespace": namespace})
            self._announce(namespace)
        self._waiting = {}
