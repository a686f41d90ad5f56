"""One active replica by Lease: the leader stops writing at its renew deadline, before anybody else may start."""

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

    def is_held(self) -> bool:
        """Tell whether this replica may write now."""
        return self._renewed is not None and self._monotonic() - self._renewed < RENEW_SECONDS

    def acquire(self, stopping: threading.Event) -> bool:
        """Try until this replica leads; False if it was told to stop first."""
        while not stopping.is_set():
            self._try()
            if self.is_held():
                return True
            stopping.wait(RETRY_SECONDS)
        return False

    def hold(self, stopping: threading.Event) -> None:
        """Renew until told to stop, or until the Lease is lost: then the process must end."""
        while not stopping.wait(RETRY_SECONDS) and self.is_held():
            self._try()

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

    def _try(self) -> None:
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
                self._renewed = None
                return
        except McsError:
            return  # the next try is due soon; until then the old renewal counts
        self._renewed = started

    def _is_free(self, seen: Seen[Lease]) -> bool:
        if not seen.value.holder:
            return True
        now = self._monotonic()
        if self._watched is None or self._watched[0] != seen.version:
            self._watched = (seen.version, now)
        return now - self._watched[1] > max(seen.value.seconds, LEASE_SECONDS)
