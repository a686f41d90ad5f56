"""Install a member cluster in the one order that is safe, and uninstall it in the reverse of it.

Preflight, namespace, definitions, rights, ClusterProperties, watcher, DNS. Each step may be repeated, so a run that
ended half-way is simply run again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cloudmap_mcs.domain.installation import DERIVED_KINDS, Manifest, Reference, is_ours, may_go, reference
from cloudmap_mcs.domain.preflight import Facts, Finding, Hosting, PreflightError, findings
from cloudmap_mcs.domain.wellknown import ANNOTATION_STACK
from cloudmap_mcs.errors import IdentityError
from cloudmap_mcs.ports import Objects
from cloudmap_mcs.reconcile.installing.applying import Applier
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
        return findings(self._surveyor.facts(wanted, hosting))

    def approve(self, wanted: Wanted, hosting: Hosting) -> tuple[Finding, ...]:
        """Return what is only told; PreflightError with every finding if any refuses. Changes nothing."""
        return _approved(wanted, self.check(wanted, hosting))

    def bring_in(self, wanted: Wanted, found: tuple[Finding, ...] = ()) -> Installed:
        """Bring everything in, or up to date, after a preflight that found this (`approve`).

        OutOfTimeError names the step that was due, and what was done until then stays.
        """
        parts, told = wanted.parts, list(map(str, found))
        done = self._run(
            [
                ("namespace", lambda: self._apply([_marked(parts.namespace, wanted.stack)])),
                ("definitions", lambda: self._define(parts.definitions)),
                ("rights", lambda: self._apply(parts.rights)),
                ("properties", lambda: self._introduce(parts.properties)),
                ("watcher", lambda: self._apply(parts.watcher)),
                ("dns", lambda: told.extend(self.dns.turn_on(wanted.dns, parts.dns))),
            ]
        )
        return Installed(done, tuple(told))

    def uninstall(self, wanted: Wanted) -> Installed:
        """Take out what bears our mark, in reverse. Definitions and the objects of users stay.

        The importer loses its rights before the derived objects go: one that is still under way would make them anew.
        A cluster whose ClusterProperties say that it is another one is left alone, which is told.
        """
        held = [
            f"{name} is {value!r} and not {ours!r}" for name, ours, value in self._surveyor.properties(wanted.parts)
        ]
        if held:
            return Installed((), (f"the cluster was left alone, as it is another one by now: {', '.join(held)}",))
        parts, told = wanted.parts, list[str]()
        done = self._run(
            [
                ("dns", lambda: told.extend(filter(None, [self.dns.turn_off()]))),
                ("watcher", lambda: self._remove(map(reference, reversed(parts.watcher)))),
                ("rights", lambda: self._remove(map(reference, reversed(parts.rights)))),
                ("derived objects", self._remove_derived),
                ("properties", lambda: self._remove(map(reference, reversed(parts.properties)))),
                ("namespace", lambda: self._remove([reference(parts.namespace)])),
            ]
        )
        return Installed(done, tuple(told))

    def successor(self, wanted: Wanted) -> str | None:
        """Return the stack that has installed this cluster since, None if it is still this one's.

        A cluster whose functions move to another account or Region is installed by another stack before or after the
        old one is done with it. In the first case the old one has nothing to take out any more.
        """
        found = self.objects.find(reference(wanted.parts.namespace))
        by = ((found or {}).get("metadata", {}).get("annotations") or {}).get(ANNOTATION_STACK, wanted.stack)
        return None if by == wanted.stack else str(by)

    @property
    def _surveyor(self) -> Surveyor:
        return Surveyor(self.objects, self.members, self.dns, self._definer, self.patience)

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

    @property
    def _applier(self) -> Applier:
        return Applier(self.objects, self.patience)

    def _apply(self, manifests: Iterable[Manifest]) -> None:
        self._applier.apply(manifests)

    def _introduce(self, properties: Iterable[Manifest]) -> None:
        """Tell the cluster who it is. A property that a person made with the same value stays theirs."""
        for manifest in properties:
            found, value = self._applier.settled(reference(manifest)), manifest["spec"]["value"]
            if found is not None and found["spec"].get("value") != value:
                raise IdentityError(f"{reference(manifest)} is {found['spec'].get('value')!r} and not {value!r}")
            if found is None or is_ours(found):
                self.objects.apply(manifest)

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
                    self.objects.remove(found, alone=True)


def accept(wanted: Wanted, hosting: Hosting) -> None:
    """Raise PreflightError with every finding if what EKS says of a cluster refuses. Asks nobody, changes nothing.

    What needs the cluster's own objects or the registry is not judged; that is `Installer.approve`'s.
    """
    _approved(wanted, findings(Facts(cluster=wanted.cluster, hosting=hosting, dns=wanted.dns)))


def _approved(wanted: Wanted, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    if any(finding.refuses for finding in found):
        raise PreflightError(wanted.cluster, found)
    return found


def _marked(namespace: Manifest, stack: str) -> Manifest:
    """Note on the namespace on whose behalf it is there."""
    metadata = namespace["metadata"]
    return {**namespace, "metadata": {**metadata, "annotations": {ANNOTATION_STACK: stack}}} if stack else namespace
