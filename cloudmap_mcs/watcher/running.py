"""One life of the watcher: reflect, wait for the Lease and an identity, export until told to stop or until lost."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.domain.offers import offer
from cloudmap_mcs.errors import IdentityError, McsError, RetryableError
from cloudmap_mcs.kube.home import HomeCluster
from cloudmap_mcs.ports import Announcer, Appeared, Clock, RegistryWriter
from cloudmap_mcs.reconcile.exporting import Exporter
from cloudmap_mcs.reconcile.ledger import Ledger
from cloudmap_mcs.reconcile.reporting import Reporter, is_ready
from cloudmap_mcs.settings import WatcherSettings
from cloudmap_mcs.watcher.announcing import Announcements
from cloudmap_mcs.watcher.appearing import Appearances
from cloudmap_mcs.watcher.auditing import Audit
from cloudmap_mcs.watcher.identity import ClusterIdentity, identify
from cloudmap_mcs.watcher.leading import Leadership
from cloudmap_mcs.watcher.membership import Membership, Standing
from cloudmap_mcs.watcher.sources import ReflectedCluster
from cloudmap_mcs.watcher.working import Workers
from cloudmap_mcs.watcher.workqueue import WorkQueue

IDENTITY_SECONDS: Final = 30.0
"""Between two tries to find out, or to be granted, who this cluster is."""
STOP_SECONDS: Final = 20.0
"""For all that is under way when the watcher is told to stop: below the Pod's grace period of 30."""
LOOK_SECONDS: Final = 0.2
LAST_SECONDS: Final = 1.0
"""For each thing that remains to be said when that time is over."""

log = logging.getLogger("cloudmap_mcs.watcher")


@dataclass(frozen=True, slots=True)
class World:
    """What a watcher lives in. `registry` needs an identity, so it is made when that is known.

    `identity_changed` is set by whoever sees a sign of it, and namespaces come to `appearances`.
    """

    settings: WatcherSettings
    home: HomeCluster
    cluster: ReflectedCluster
    identity_changed: threading.Event
    appearances: Appearances
    leadership: Leadership
    registry: Callable[[ClusterIdentity], RegistryWriter]
    announcer: Announcer
    formats: tuple[int, ...]
    clock: Clock
    monotonic: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Session:
    """Everything that runs while this replica is the active member `own`."""

    own: ClusterId
    appearances: Appearances
    queue: WorkQueue[ServiceKey]
    workers: Workers
    announcements: Announcements
    membership: Membership
    audit: Audit
    monotonic: Callable[[], float]

    @classmethod
    def of(
        cls, world: World, queue: WorkQueue[ServiceKey], identity: ClusterIdentity, *, lost: Callable[[], None]
    ) -> "Session":
        registry, ledger, period = world.registry(identity), Ledger(), world.settings.resync_seconds
        exporter = Exporter(
            identity.cluster, identity.owner, world.cluster, registry, world.clock, ledger, 2 * period * 1000
        )
        announcements = Announcements(world.announcer, monotonic=world.monotonic)
        may_write = world.leadership.is_held
        membership = Membership(identity, registry, ledger, clock=world.clock, standing=Standing(may_write, lost))
        workers = Workers(queue, exporter, announcements, membership, world.leadership)
        audit = Audit(queue, ledger, registry, world.cluster.exports.keys, period, world.monotonic)
        own, appearances = identity.cluster, world.appearances
        return cls(own, appearances, queue, workers, announcements, membership, audit, world.monotonic)

    def start(self, inherited: frozenset[ServiceKey]) -> None:
        self.announcements.start()
        self.membership.start()
        self.workers.start()
        self.audit.start(inherited)
        self.appearances.begin(lambda namespace: self.announcements.add(Appeared(namespace, self.own)))

    def stop(self) -> None:
        """Finish what is under way, then say goodbye to nobody: the entry in `members` stays."""
        end = self.monotonic() + STOP_SECONDS
        self.appearances.end()
        self.audit.stop()
        self.queue.close()
        self.workers.join(lambda: max(0.0, end - self.monotonic()))
        self.announcements.close(seconds=max(LAST_SECONDS, end - self.monotonic()))
        self.membership.close(seconds=max(LAST_SECONDS, end - self.monotonic()))

    @property
    def liveness(self) -> dict[str, bool]:
        """Say which threads live; they all do, unless a bug ended one."""
        return {
            "workers": self.workers.are_alive,
            "announcements": self.announcements.is_alive,
            "membership": self.membership.is_alive,
            "audit": self.audit.is_alive,
        }


class Watcher:
    """Runs once, on the caller's thread; `stop` ends it from any other, or from a signal."""

    def __init__(self, world: World, queue: WorkQueue[ServiceKey]) -> None:
        self._world = world
        self._queue = queue
        self._stopping = threading.Event()
        self._session: Session | None = None
        self._is_lost = False

    def stop(self) -> None:
        self._stopping.set()

    def liveness(self) -> dict[str, bool]:
        reflectors = all(reflector.is_alive for reflector in self._world.cluster.reflectors)
        return {"reflectors": reflectors, **(self._session.liveness if self._session else {})}

    def readiness(self) -> dict[str, bool]:
        """Count a synced standby as ready: a rollout must not wait for the Lease."""
        return {"synced": self._world.cluster.is_synced}

    def run(self) -> int:
        """Return the exit status: 0 when told to stop, 1 when another life should begin."""
        self._world.cluster.start()
        try:
            if not self._world.leadership.acquire(self._stopping):
                return 0
            log.info("leading")
            return self._lead()
        finally:
            self._world.cluster.stop()
            self._world.leadership.release()

    def _lead(self) -> int:
        """Renew the Lease until the last write is done, not only until told to stop."""
        over = threading.Event()
        holding = threading.Thread(target=self._hold, args=(over,), name="lease", daemon=True)
        holding.start()
        try:
            while not self._stopping.is_set():
                self._be_member()
        finally:
            over.set()
            holding.join(STOP_SECONDS)
        return 1 if self._is_lost else 0

    def _be_member(self) -> None:
        try:
            self._live_as(self._identify())
        except McsError as error:
            log.error("not a member", extra={"reason": error.reason, "problem": str(error)})
            self._refuse_all(error)
            self._wait_for_identity()

    def _hold(self, over: threading.Event) -> None:
        self._world.leadership.hold(over)
        if not over.is_set():
            log.error("lease lost")
            self._is_lost = True
            self._stopping.set()

    def _identify(self) -> ClusterIdentity:
        settings = self._world.settings
        self._world.identity_changed.clear()
        self._wait(IDENTITY_SECONDS, lambda: self._world.cluster.properties.is_synced)
        return identify(
            self._world.cluster.identity(),
            self._world.home.owner(),
            clusterset=settings.clusterset,
            members=settings.members,
        )

    def _refuse_all(self, error: McsError) -> None:
        """Tell everybody who waits for an export why there is none. Which cluster this is does not matter for that.

        What can pass by itself takes nobody's Ready away: the export is most likely still in the registry.
        """
        reporter = Reporter(self._world.cluster, self._world.clock)
        for key in sorted(self._world.cluster.exports.keys()):
            seen = self._world.cluster.offered(key)
            if not seen.export or (isinstance(error, RetryableError) and is_ready(seen.export)):
                continue
            try:
                reporter.refused(seen.export, offer(ClusterId(""), seen.export, seen.service, seen.slices), error)
            except McsError as problem:
                log.warning("conditions not written", extra={"reason": problem.reason, "problem": str(problem)})
                return

    def _wait_for_identity(self) -> None:
        self._wait(IDENTITY_SECONDS, self._world.identity_changed.is_set)

    def _wait(self, seconds: float, condition: Callable[[], bool]) -> bool:
        """Wait for something, for at most so long, or until told to stop; returns whether it is so."""
        end = self._world.monotonic() + seconds
        while not (is_so := condition()) and self._world.monotonic() < end and not self._stopping.wait(LOOK_SECONDS):
            pass
        return is_so

    def _live_as(self, identity: ClusterIdentity) -> None:
        """Be this member until told to stop, or until the identity is another.

        Nothing begins before all that exports are made of was read: in a cache that is half full, exports look as if
        they were gone.
        """
        while not self._wait(IDENTITY_SECONDS, lambda: self._world.cluster.is_synced):
            if self._stopping.is_set():
                return
            log.warning("waiting for the first lists", extra={"missing": self._world.cluster.unsynced})
        session = Session.of(self._world, self._queue, identity, lost=self._world.identity_changed.set)
        inherited = session.membership.join(self._world.formats)
        log.info("member", extra={"cluster": identity.cluster, "inherited_keys": len(inherited)})
        session.start(inherited)
        self._session = session
        try:
            self._stay(identity, session.membership)
        finally:
            self._session = None
            session.stop()

    def _stay(self, identity: ClusterIdentity, membership: Membership) -> None:
        """Return when told to stop or lost; until then say, once for each reason, which list is still missing."""
        told: dict[str, str] = {}
        while not self._stopping.wait(1):
            if (missing := self._world.cluster.unsynced) and missing != told:
                told = missing
                log.warning("going on without a list", extra={"missing": missing})
            if self._world.identity_changed.is_set() and not self._is_still(identity, membership):
                log.error("identity changed")
                self._is_lost = True
                self._stopping.set()

    def _is_still(self, identity: ClusterIdentity, membership: Membership) -> bool:
        try:
            return not membership.is_lost and self._identify() == identity
        except IdentityError:
            return False
        except McsError:
            self._world.identity_changed.set()
            return True
