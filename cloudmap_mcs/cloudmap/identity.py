"""Who this cluster is, and whether `members` says so: a cluster with a copied id must not erase the original."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cloudmap_mcs.domain.model import ClusterId
from cloudmap_mcs.errors import IdentityError

_UNCONFIRMED: Final = "is not confirmed yet"


@dataclass(frozen=True, slots=True)
class Identity:
    """A cluster id and the kube-system UID that goes with it."""

    cluster: ClusterId
    owner: str


class Guard:
    """Remembers what the last look at `members/<own id>` showed. Threads share it.

    `may_write` says whether this replica is the one that writes for the cluster now; whoever writes asks it each time.
    """

    def __init__(self, identity: Identity, may_write: Callable[[], bool]) -> None:
        self.identity = identity
        self.may_write = may_write
        self._lock = threading.Lock()
        self._problem: str | None = _UNCONFIRMED

    def require(self) -> None:
        """Raise IdentityError unless the last look showed this cluster's own UID."""
        with self._lock:
            problem = self._problem
        if problem:
            raise IdentityError(f"identity of cluster {self.identity.cluster} {problem}")

    def require_own(self, cluster: ClusterId, owner: str) -> None:
        """Raise IdentityError for anything of another cluster: nobody writes that but itself."""
        if (cluster, owner) != (self.identity.cluster, self.identity.owner):
            raise IdentityError(f"cluster {self.identity.cluster} may not write for {cluster} (UID {owner})")

    def looked(self, owner: str | None) -> bool:
        """Note whose entry was found; True if it is ours, False if there is none. IdentityError if it is another's."""
        if owner == self.identity.owner:
            problem = None
        elif owner is None:
            problem = _UNCONFIRMED
        else:
            problem = (
                f"is taken: members/{self.identity.cluster} belongs to the cluster with kube-system UID {owner}, "
                f"this one is {self.identity.owner}; use another id, or take over explicitly"
            )
        with self._lock:
            self._problem = problem
        if problem and owner is not None:
            raise IdentityError(f"identity of cluster {self.identity.cluster} {problem}")
        return owner is not None
