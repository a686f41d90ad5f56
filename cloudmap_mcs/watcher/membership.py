"""This cluster's entry in `members`: heartbeat, the index of its keys, and the proof that the id is still its own."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from cloudmap_mcs import VERSION
from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.errors import IdentityError, McsError, RetryableError
from cloudmap_mcs.ports import Clock, Member
from cloudmap_mcs.reconcile.ledger import Ledger
from cloudmap_mcs.watcher.identity import ClusterIdentity

HEARTBEAT_SECONDS: Final = 300.0
SETTLE_SECONDS: Final = 0.5
"""Keys that come within this time are written together."""
RETRY_SECONDS: Final = 5.0
"""After a failure that passes by itself; after one that does not, at first, then twice as long each time."""

log = logging.getLogger("cloudmap_mcs.watcher")


class MemberRegistry(Protocol):
    """The calls about `members` of a registry."""

    def read_member(self, cluster: ClusterId) -> Member | None: ...
    def put_member(self, member: Member) -> None: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether this replica `may_write` now, asked before each write; and who is told that the id is `lost`."""

    may_write: Callable[[], bool]
    lost: Callable[[], None]


class Membership:
    """A thread that writes the entry when the keys change and at each heartbeat.

    `is_lost` is set when the id turns out to belong to another cluster now.
    """

    def __init__(
        self,
        identity: ClusterIdentity,
        registry: MemberRegistry,
        ledger: Ledger,
        *,
        clock: Clock,
        standing: Standing,
    ) -> None:
        self._identity = identity
        self._registry = registry
        self._ledger = ledger
        self._clock = clock
        self._standing = standing
        self.is_lost = False
        self._written: frozenset[ServiceKey] | None = None
        self._formats: tuple[int, ...] = ()
        self._due = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="membership", daemon=True)

    def join(self, formats: tuple[int, ...]) -> frozenset[ServiceKey]:
        """Claim the entry, or find it ours; returns the keys that an earlier watcher of this cluster had exported.

        Raises IdentityError if another cluster holds this id.
        """
        self._formats = formats
        held = self._registry.read_member(self._identity.cluster)
        if held and held.owner != self._identity.owner:
            raise IdentityError(
                f"cluster id {self._identity.cluster} belongs to another cluster (kube-system UID {held.owner}); "
                "give this cluster an id of its own, or remove the entry if that cluster is gone for good"
            )
        inherited = held.keys if held else frozenset()
        self._ledger.inherit(inherited)
        self._beat()
        return inherited

    def start(self) -> None:
        self._thread.start()

    def keys_changed(self) -> None:
        """Have the index written soon if the keys differ from what it holds."""
        if self._ledger.exported() != self._written:
            self._due.set()

    def close(self, *, seconds: float) -> None:
        """Write what is due, for at most so long, and end."""
        self._closing.set()
        self._due.set()
        self._thread.join(seconds)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _beat(self) -> None:
        keys = self._ledger.exported()
        now = self._clock.now_ms() // 1000
        entry = Member(self._identity.cluster, self._identity.owner, VERSION, self._formats, now, keys)
        self._registry.put_member(entry)
        self._written = keys
        self.keys_changed()  # what changed meanwhile was compared with the list before

    def _run(self) -> None:
        pause: float | None = None
        while not self._closing.is_set():
            self._wait(pause)
            self._due.clear()
            if self._closing.is_set() and self._ledger.exported() == self._written:
                return
            if not self._standing.may_write():
                pause = RETRY_SECONDS
                continue
            try:
                self._beat()
                pause = None
            except IdentityError as error:
                log.error("identity lost", extra={"problem": str(error)})
                self.is_lost = True
                self._standing.lost()
                return
            except McsError as error:
                pause = pause_after(error, pause)
                told = {"reason": error.reason, "problem": str(error), "again_in_seconds": pause}
                log.warning("heartbeat failed", extra=told)

    def _wait(self, pause: float | None) -> None:
        """Wait for the next beat, or for a change; after a failure, changes do not shorten the pause."""
        if pause is not None:
            self._closing.wait(pause)
        elif self._due.wait(HEARTBEAT_SECONDS) and not self._closing.is_set():
            self._clock.sleep(SETTLE_SECONDS)


def pause_after(error: McsError, pause: float | None) -> float:
    """Give the seconds until the next try, from those before the try that failed; None if that was no repetition."""
    if isinstance(error, RetryableError) or pause is None:
        return RETRY_SECONDS
    return min(2 * pause, HEARTBEAT_SECONDS)
