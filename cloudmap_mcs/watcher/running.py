"""One life of the watcher: reflect, wait for the Lease and an identity, export until told to stop or until lost."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cloudmap_mcs.domain.model import ClusterId, ServiceKey
from cloudmap_mcs.domain.offers import offer
from cloudmap_mcs.errors import IdentityError, McsError
from cloudmap_mcs.kube.home import HomeCluster
from cloudmap_mcs.ports import Announcer, Clock, RegistryWriter
from cloudmap_mcs.reconcile.exporting import Exporter
from cloudmap_mcs.reconcile.ledger import Ledger
from cloudmap_mcs.reconcile.reporting import Reporter
from cloudmap_mcs.settings import WatcherSettings
from cloudmap_mcs.watcher.announcing import Announcements
from cloudmap_mcs.watcher.auditing import Audit
from cloudmap_mcs.watcher.identity import ClusterIdentity, identify
from cloudmap_mcs.watcher.leading import Leadership
from cloudmap_mcs.watcher.membership import Membership
from cloudmap_mcs.watcher.sources import ReflectedCluster
from cloudmap_mcs.watcher.working import Workers
from cloudmap_mcs.watcher.workqueue import WorkQueue

IDENTITY_SECONDS: Final = 30.0
"""Between two tries to find out, or to be granted, who this cluster is."""
STOP_SECONDS: Final = 20.0
"""For what is under way when the watcher is told to stop: below the Pod's grace period of 30."""

log = logging.getLogger("cloudmap_mcs.watcher")


@dataclass(frozen=True, slots=True)
class World:
    """What a watcher lives in. `registry` needs an identity, so it is made when that is known.

    `identity_changed` is set by whoever sees a sign of it.
    """

    settings: WatcherSettings
    home: HomeCluster
    cluster: ReflectedCluster
    identity_changed: threading.Event
    leadership: Leadership
    registry: Callable[[ClusterIdentity], RegistryWriter]
    announcer: Announcer
    formats: tuple[int, ...]
    clock: Clock
    monotonic: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Session:
    """Everything that runs while this replica is an active member."""

    queue: WorkQueue[ServiceKey]
    workers: Workers
    announcements: Announcements
    membership: Membership
    audit: Audit

    @classmethod
    def of(
        cls, world: World, queue: WorkQueue[ServiceKey], identity: ClusterIdentity, *, lost: Callable[[], None]
    ) -> "Session":
        registry, ledger, period = world.registry(identity), Ledger(), world.settings.resync_seconds
        exporter = Exporter(
            identity.cluster, identity.owner, world.cluster, registry, world.clock, ledger, 2 * period * 1000
        )
        announcements = Announcements(world.announcer, monotonic=world.monotonic)
        membership = Membership(identity, registry, ledger, clock=world.clock, lost=lost)
        workers = Workers(queue, exporter, announcements, membership, world.leadership)
        audit = Audit(queue, ledger, registry, world.cluster.exports.keys, period, world.monotonic)
        return cls(queue, workers, announcements, membership, audit)

    def start(self, inherited: frozenset[ServiceKey]) -> None:
        self.announcements.start()
        self.membership.start()
        self.workers.start()
        self.audit.start(inherited)

    def stop(self) -> None:
        """Finish what is under way, then say goodbye to nobody: the entry in `members` stays."""
        self.audit.stop()
        self.queue.close()
        self.workers.join(seconds=STOP_SECONDS)
        self.announcements.close(seconds=STOP_SECONDS)
        self.membership.close(seconds=STOP_SECONDS)


class Watcher:
    """Runs once, on the caller's thread; `stop` ends it from any other, or from a signal."""

    def __init__(self, world: World, queue: WorkQueue[ServiceKey]) -> None:
        self._world = world
        self._queue = queue
        self._stopping = threading.Event()
        self._workers: Workers | None = None
        self._is_lost = False

    def stop(self) -> None:
        self._stopping.set()

    def liveness(self) -> dict[str, bool]:
        reflectors = all(reflector.is_alive for reflector in self._world.cluster.reflectors)
        return {"reflectors": reflectors, "workers": self._workers is None or self._workers.are_alive}

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
        threading.Thread(target=self._hold, name="lease", daemon=True).start()
        while not self._stopping.is_set():
            try:
                self._live_as(self._identify())
            except McsError as error:
                log.error("not a member", extra={"reason": error.reason, "problem": str(error)})
                self._refuse_all(error)
                self._wait_for_identity()
        return 1 if self._is_lost else 0

    def _hold(self) -> None:
        self._world.leadership.hold(self._stopping)
        if not self._stopping.is_set():
            log.error("lease lost")
            self._is_lost = True
            self._stopping.set()

    def _identify(self) -> ClusterIdentity:
        settings = self._world.settings
        self._world.identity_changed.clear()
        self._world.cluster.properties.wait_synced(IDENTITY_SECONDS)
        return identify(
            self._world.cluster.identity(),
            self._world.home.owner(),
            clusterset=settings.clusterset,
            members=settings.members,
        )

    def _refuse_all(self, error: McsError) -> None:
        """Tell everybody who waits for an export why there is none. Which cluster this is does not matter for that."""
        reporter = Reporter(self._world.cluster, self._world.clock)
        for key in sorted(self._world.cluster.exports.keys()):
            seen = self._world.cluster.offered(key)
            if seen.export:
                reporter.refused(seen.export, offer(ClusterId(""), seen.export, seen.service, seen.slices), error)

    def _wait_for_identity(self) -> None:
        for _ in range(int(IDENTITY_SECONDS)):
            if self._world.identity_changed.wait(1) or self._stopping.is_set():
                return

    def _live_as(self, identity: ClusterIdentity) -> None:
        """Be this member until told to stop, or until the identity is another."""
        session = Session.of(self._world, self._queue, identity, lost=self._world.identity_changed.set)
        inherited = session.membership.join(self._world.formats)
        log.info("member", extra={"cluster": identity.cluster, "inherited_keys": len(inherited)})
        self._workers = session.workers
        session.start(inherited)
        try:
            while not self._stopping.wait(1):
                if self._world.identity_changed.is_set() and not self._is_still(identity, session.membership):
                    log.error("identity changed")
                    self._is_lost = True
                    self._stopping.set()
        finally:
            session.stop()

    def _is_still(self, identity: ClusterIdentity, membership: Membership) -> bool:
        try:
            return not membership.is_lost and self._identify() == identity
        except IdentityError:
            return False
        except McsError:
            self._world.identity_changed.set()
            return True
