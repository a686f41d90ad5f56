"""One active replica by Lease: the leader stops writing at its renew deadline, before anybody else may start."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from cloudmap_mcs.domain.imports import Seen
from cloudmap_mcs.errors import McsError
from cloudmap_mcs.kube.home import Lease
from cloudmap_mcs.ports import Clock

LEASE_NAME: Final = "cloudmap-mcs-watcher"
LEASE_SECONDS: Final = 15
RENEW_SECONDS: Final = 10.0
"""After so long without a renewal the leader stops writing: 5 s before another replica may take over."""
RETRY_SECONDS: Final = 2.0

log = logging.getLogger("cloudmap_mcs.watcher")


class Leases(Protocol):
    """The Lease calls of a cluster."""

    def read_lease(self, namespace: str, name: str) -> Seen[Lease] | None: ...
    def create_lease(self, namespace: str, name: str, lease: Lease) -> Seen[Lease]: ...
    def update_lease(self, seen: Seen[Lease], lease: Lease) -> Seen[Lease]: ...


class Leadership:
    """Acquires and renews. The holder's clock is never compared with ours: only whether its entry changes counts."""

    def __init__(
        self, leases: Leases, namespace: str, me: str, *, clock: Clock, monotonic: Callable[[], float]
    ) -> None:
        self._leases = leases
        self._namespace = namespace
        self._me = me
        self._clock = clock
        self._monotonic = monotonic
        self._renewed: float | None = None
        self._watched: tuple[str, float] | None = None
        self._told = ""

    def is_held(self) -> bool:
        """Tell whether this replica may write now."""
        return self._renewed is not None and self._monotonic() - self._renewed < RENEW_SECONDS

    def acquire(self, stopping: threading.Event) -> bool:
        """Try until this replica leads; False if it was told to stop first."""
        while not stopping.is_set():
            self._renewed = self._try()
            if self.is_held():
                return True
            stopping.wait(RETRY_SECONDS)
        return False

    def hold(self, stopping: threading.Event) -> None:
        """Renew until told to stop, or until the Lease is lost: then the process must end.

        A renewal that comes after the deadline does not count: workers have stopped for good by then.
        """
        while not stopping.wait(RETRY_SECONDS) and self.is_held():
            renewed = self._try()
            self._renewed = renewed if self.is_held() else None

    def release(self) -> None:
        """Let another replica take over at once."""
        if not self.is_held():
            return
        self._renewed = None
        try:
            seen = self._leases.read_lease(self._namespace, LEASE_NAME)
            if seen and seen.value.holder == self._me:
                self._leases.update_lease(seen, replace(seen.value, holder="", seconds=1))
        except McsError:
            return  # it runs out by itself

    def _try(self) -> float | None:
        """Give the time up to which this replica leads, less the deadline; None if another one does."""
        started = self._monotonic()
        try:
            seen = self._leases.read_lease(self._namespace, LEASE_NAME)
            now = self._clock.now_ms()
            if seen is None:
                self._leases.create_lease(self._namespace, LEASE_NAME, Lease(self._me, LEASE_SECONDS, now, now))
            elif seen.value.holder == self._me:
                self._leases.update_lease(seen, replace(seen.value, renewed_ms=now))
            elif self._is_free(seen):
                mine = Lease(self._me, LEASE_SECONDS, now, now, seen.value.transitions + 1)
                self._leases.update_lease(seen, mine)
            else:
                self._tell(f"{seen.value.holder} holds it")
                return None
        except McsError as error:
            self._tell(f"{error.reason}: {error}")
            return self._renewed  # the next try is due soon; until then the old renewal counts
        self._told = ""
        return started

    def _tell(self, problem: str) -> None:
        """Log why this replica does not get the Lease: once, not at every try."""
        if problem != self._told:
            log.warning("lease not acquired or renewed", extra={"lease": LEASE_NAME, "problem": problem})
        self._told = problem

    def _is_free(self, seen: Seen[Lease]) -> bool:
        if not seen.value.holder:
            return True
        now = self._monotonic()
        if self._watched is None or self._watched[0] != seen.version:
            self._watched = (seen.version, now)
        return now - self._watched[1] > max(seen.value.seconds, LEASE_SECONDS)
