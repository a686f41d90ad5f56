"""What a reconcile did, as a value: doors log it, count it and decide from it when to look again."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cloudmap_mcs.domain.imports import DerivedService, ImportedSlice, Managed, Observed, ServiceImport
from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.domain.wellknown import Reason
from cloudmap_mcs.errors import McsError
from cloudmap_mcs.plan.actions import Action, Create, Delete
from cloudmap_mcs.ports import SetAside


class Verb(StrEnum):
    """What was done to an object."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Changed:
    """One write: the verb, the kind of object and its name."""

    verb: Verb
    kind: str
    name: str


class Skip(StrEnum):
    """Why a key was left as it is."""

    NAMESPACE_MISSING = "the namespace does not exist in this cluster"
    NAMESPACE_TERMINATING = "the namespace is being deleted"
    FOREIGN_IMPORT = "a ServiceImport of this name belongs to somebody else"
    UNKNOWN = "the only records are of a newer format"
    HELD_BACK = "the import would be removed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one key in one cluster.

    `retry`: the registry's answer was stale or incomplete, or others kept writing; come back soon.
    `check`: something came or went; look once more after the data plane has settled.
    `unsettled`: why even the last attempt was overtaken; empty where the key was brought to its goal.
    """

    key: ServiceKey
    changes: tuple[Changed, ...] = ()
    unchanged: int = 0
    conflicts: tuple[Reason, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    skip: Skip | None = None
    retry: bool = False
    check: bool = False
    unsettled: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A key that could not be reconciled, and why; others are not concerned."""

    key: ServiceKey
    reason: str
    message: str


def failure(key: ServiceKey, error: Exception) -> Failure:
    """Tell of an error by its kind; one that is not of ours is a bug, and its kind says more than its text."""
    return Failure(key, error.reason if isinstance(error, McsError) else type(error).__name__, str(error))


def came_or_went(change: Changed) -> bool:
    """Tell whether an import was made, or anything was removed."""
    return change.verb is Verb.DELETED or (change.verb is Verb.CREATED and change.kind == _KIND[ServiceImport])


STATUS: Final = "/status"
"""Ends the kind of a change that wrote a status only."""

_KIND: Final = {ServiceImport: "ServiceImport", DerivedService: "Service", ImportedSlice: "EndpointSlice"}


def changed(action: Action[Managed]) -> Changed:
    """Describe an action."""
    if isinstance(action, Delete):
        return Changed(Verb.DELETED, *_subject(action.seen.value))
    return Changed(Verb.CREATED if isinstance(action, Create) else Verb.UPDATED, *_subject(action.value))


def untouched(observed: Observed, changes: Iterable[Changed]) -> int:
    """Count the objects that are there and were not written, neither they nor their status."""
    written = {(change.kind.removesuffix(STATUS), change.name) for change in changes}
    seen = (observed.service_import, observed.derived, *observed.slices)
    return len({_subject(item.value) for item in seen if item} - written)


def _subject(value: Managed) -> tuple[str, str]:
    return _KIND[type(value)], value.key.name if isinstance(value, ServiceImport) else value.name
