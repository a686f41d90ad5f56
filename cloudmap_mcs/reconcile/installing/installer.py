"""Install a member cluster in the one order that is safe, and uninstall it in the reverse of it.

Preflight, namespace, definitions, rights, ClusterProperties, watcher, DNS. Each step may be repeated, so a run that
ended half-way is simply run again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cloudmap_mcs.domain.installation import DERIVED_KINDS, Manifest, Reference, is_ours, may_go, reference
from cloudmap_mcs.domain.preflight import Finding, Hosting, PreflightError, findings
from cloudmap_mcs.errors import IdentityError, PermanentError
from cloudmap_mcs.ports import Objects
from cloudmap_mcs.reconcile.installing.defining import Definer
from cloudmap_mcs.reconcile.installing.naming import ClusterDns
from cloudmap_mcs.reconcile.installing.patience import Patience
from cloudmap_mcs.reconcile.installing.surveying import Members, Surveyor, Wanted

Step = tuple[str, Callable[[], object]]


@dataclass(frozen=True, slots=True)
class Installed:
    """What a run did, step by step, and what a person should know although it stood in nobody's way."""

    done: tuple[str, ...]
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Installer:
    """Installs into one cluster, within the time that `patience` has."""

    objects: Objects
    members: Members
    dns: ClusterDns
    patience: Patience

    def check(self, wanted: Wanted, hosting: Hosting) -> tuple[Finding, ...]:
        """Return all findings of the preflight; changes nothing."""
        return findings(Surveyor(self.objects, self.members, self.dns, self._definer).facts(wanted, hosting))

    def install(self, wanted: Wanted, hosting: Hosting) -> Installed:
        """Bring everything in, or up to date.

        PreflightError with every finding before anything is changed; OutOfTimeError names the step that was due, and
        what was done until then stays.
        """
        found = self.check(wanted, hosting)
        if any(finding.refuses for finding in found):
            raise PreflightError(wanted.cluster, found)
        parts = wanted.parts
        done = self._run(
            [
                ("namespace", lambda: self._apply([parts.namespace])),
                ("definitions", lambda: self._define(parts.definitions)),
                ("rights", lambda: self._apply(parts.rights)),
                ("properties", lambda: self._introduce(parts.properties)),
                ("watcher", lambda: self._apply(parts.watcher)),
                ("dns", lambda: self.dns.turn_on(wanted.dns)),
            ]
        )
        return Installed(done, tuple(map(str, found)))

    def uninstall(self, wanted: Wanted) -> Installed:
        """Take out what bears our mark, in reverse. Definitions and the objects of users stay.

        Whoever calls has stopped the importer, which would make derived objects anew.
        """
        parts, told = wanted.parts, list[str]()
        done = self._run(
            [
                ("dns", lambda: told.extend(filter(None, [self.dns.turn_off()]))),
                ("watcher", lambda: self._remove(map(reference, reversed(parts.watcher)))),
                ("derived objects", self._remove_derived),
                ("properties", lambda: self._remove(map(reference, reversed(parts.properties)))),
                ("rights", lambda: self._remove(map(reference, reversed(parts.rights)))),
                ("namespace", lambda: self._remove([reference(parts.namespace)])),
            ]
        )
        return Installed(done, tuple(told))

    @property
    def _definer(self) -> Definer:
        return Definer(self.objects, self.patience)

    def _run(self, steps: Iterable[Step]) -> tuple[str, ...]:
        done = list[str]()
        for name, perform in steps:
            self.patience.check(f"{name} is due, done is {', '.join(done) or 'nothing'}")
            perform()
            done.append(name)
        return tuple(done)

    def _define(self, definitions: Iterable[Manifest]) -> None:
        for manifest in definitions:
            self._definer.settle(manifest)

    def _apply(self, manifests: Iterable[Manifest]) -> None:
        """Apply objects that are ours alone; one of the same name without our mark is somebody else's."""
        for manifest in manifests:
            found = self._settled(reference(manifest))
            if found is not None and not is_ours(found):
                raise PermanentError(f"{reference(manifest)} exists and bears no mark of ours: delete or rename it")
            self.objects.apply(manifest)

    def _introduce(self, properties: Iterable[Manifest]) -> None:
        """Tell the cluster who it is. A property that a person made with the same value stays theirs."""
        for manifest in properties:
            found, value = self._settled(reference(manifest)), manifest["spec"]["value"]
            if found is not None and found["spec"].get("value") != value:
                raise IdentityError(f"{reference(manifest)} is {found['spec'].get('value')!r} and not {value!r}")
            if found is None or is_ours(found):
                self.objects.apply(manifest)

    def _settled(self, wanted: Reference) -> Manifest | None:
        """Find an object; one that is being deleted is waited for, as it takes nothing new."""

        def look() -> tuple[Manifest | None] | None:
            found = self.objects.find(wanted)
            return None if found and "deletionTimestamp" in found["metadata"] else (found,)

        return self.patience.until(f"{wanted} is still being deleted", look)[0]

    def _remove(self, wanted: Iterable[Reference]) -> None:
        """Remove each if it is ours, and return when it is gone."""
        for there in wanted:
            found = self.objects.find(there)
            if found is not None and may_go(found):
                self.objects.remove(found)
                self.patience.until(f"{there} is still there", lambda there=there: self._is_gone(there))  # type: ignore[misc]

    def _is_gone(self, there: Reference) -> bool | None:
        return True if self.objects.find(there) is None else None

    def _remove_derived(self) -> None:
        for kind in DERIVED_KINDS:
            for found in self.objects.all_of(kind.version, kind.kind, selector=kind.selector):
                self.patience.check(f"derived objects are due, next is {reference(found)}")
                if may_go(found):
                    self.objects.remove(found)
