"""Apply objects that are ours alone, and take them away again."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cloudmap_mcs.domain.installation import Manifest, Reference, is_ours, reference
from cloudmap_mcs.errors import HeldFieldsError, PermanentError
from cloudmap_mcs.ports import Objects
from cloudmap_mcs.reconcile.installing.patience import Patience

_HELD: Final = (
    "Set the field back to what mcsctl render prints for this cluster, or delete the object, which the next deploy "
    "makes anew"
)


@dataclass(frozen=True, slots=True)
class Applier:
    """Writes to one cluster. What bears no mark of ours is never changed and never removed."""

    objects: Objects
    patience: Patience

    def apply(self, manifests: Iterable[Manifest]) -> None:
        """Apply each; PermanentError names an object that is somebody else's, or who changed one of ours."""
        for manifest in manifests:
            found = self.settled(reference(manifest))
            if found is not None and not is_ours(found):
                raise PermanentError(f"{reference(manifest)} exists and bears no mark of ours: delete or rename it")
            try:
                self.objects.apply(manifest)
            except HeldFieldsError as error:
                raise HeldFieldsError(f"{error}. {_HELD}") from error

    def settled(self, wanted: Reference) -> Manifest | None:
        """Find an object; one that is being deleted is waited for, as it takes nothing new."""

        def look() -> tuple[Manifest | None] | None:
            found = self.objects.find(wanted)
            return None if found and "deletionTimestamp" in found["metadata"] else (found,)

        return self.patience.until(f"{wanted} is still being deleted", look)[0]

    def withdraw(self, wanted: Iterable[Reference]) -> None:
        """Ask for the removal of each that is ours, and do not wait for its end."""
        for there in wanted:
            found = self.objects.find(there)
            if found is not None and is_ours(found):
                self.objects.remove(found)
