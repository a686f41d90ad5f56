"""Bring one CustomResourceDefinition into a cluster: made, adopted or upgraded in place, and never downgraded."""

from dataclasses import dataclass
from typing import Final

from cloudmap_mcs.domain.definitions import NEEDS, Step, definition, is_established, old_storage, step, storage_version
from cloudmap_mcs.domain.installation import Manifest, reference
from cloudmap_mcs.errors import PermanentError, StaleError
from cloudmap_mcs.ports import Objects
from cloudmap_mcs.reconcile.installing.patience import Patience

SETTLE_SECONDS: Final = 3.0
"""How long other replicas of an API server may go on storing objects in the old version after an upgrade."""


@dataclass(frozen=True, slots=True)
class Definer:
    """Settles definitions one by one."""

    objects: Objects
    patience: Patience

    def judge(self, ours: Manifest) -> Step:
        """Say what would be done about a definition now."""
        found = self.objects.find(reference(ours))
        if found is not None and _is_going(found):
            return Step.CREATE
        return step(found, ours, is_applied=found is not None and self.objects.has_applied(found))

    def settle(self, ours: Manifest) -> Step:
        """Do it, and return when the API server serves what we need of it.

        An upgrade takes over the fields of whoever installed the old one, and rewrites objects that are stored in a
        version which is not the storage version any more. PermanentError if it would be a downgrade.
        """
        name = reference(ours).name
        self.patience.until(f"{name} is still being deleted", lambda: True if self._is_free(ours) else None)
        decided = self.judge(ours)
        if decided is Step.REFUSE:
            raise PermanentError(f"CustomResourceDefinition {name}: {why_refused(self.objects.find(reference(ours)))}")
        if decided is not Step.KEEP:
            self.objects.apply(ours, take_over=True)
        there = self.patience.until(f"{name} is not established yet", lambda: self._served(ours))
        if decided is not Step.KEEP and old_storage(there):
            self._restore(there)
        return decided

    def _is_free(self, ours: Manifest) -> bool:
        found = self.objects.find(reference(ours))
        return found is None or not _is_going(found)

    def _served(self, ours: Manifest) -> Manifest | None:
        """Return the definition once its objects can be read and written in every version we need."""
        found = self.objects.find(reference(ours))
        if found is None or not is_established(found):
            return None
        kind, needs = found["spec"]["names"]["kind"], NEEDS[definition(ours).group]
        versions = [need for need in sorted(needs) if "/" not in need]
        served = all(self.objects.serves(f"{found['spec']['group']}/{version}", kind) for version in versions)
        return found if served else None

    def _restore(self, there: Manifest) -> None:
        """Write every object once as it is, so that it is stored anew, then say that no old version is stored."""
        self.patience.pause(SETTLE_SECONDS, f"objects of {reference(there).name} are not stored in the new version yet")
        group, kind = there["spec"]["group"], there["spec"]["names"]["kind"]
        for item in self.objects.all_of(f"{group}/{storage_version(there)}", kind):
            self.patience.check(f"objects of {reference(there).name} are not stored in the new version yet")
            try:
                self.objects.replace(item)
            except StaleError:
                continue  # somebody else has written it meanwhile, which stores it anew as well, or it is gone
        fresh = self.objects.find(reference(there)) or there
        status = {**fresh["status"], "storedVersions": [storage_version(fresh)]}
        self.objects.replace({**fresh, "status": status}, part="status")


def why_refused(found: Manifest | None) -> str:
    """Say what is wrong with a definition that is newer than ours."""
    lacks = " and ".join(definition(found).lacks) if found else "everything"
    return f"it is not older than ours, and does not serve {lacks}"


def _is_going(found: Manifest) -> bool:
    return "deletionTimestamp" in found["metadata"]
