"""What to say about an export or an import, as conditions (KEP-1645, "ServiceExport status")."""

from collections.abc import Sequence
from typing import Final

from cloudmap_mcs.domain.carried import left_out
from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.imports import ServiceImport
from cloudmap_mcs.domain.merge import Conflict
from cloudmap_mcs.domain.model import Export, ServiceType
from cloudmap_mcs.domain.offers import NoExport
from cloudmap_mcs.domain.wellknown import ConditionType, Reason

_LOCAL: Final = (
    "its internalTrafficPolicy is Local, so a client reaches only endpoints on its own node and never another cluster"
)


def conflict(conflicts: Sequence[Conflict], *, clusters: int, generation: int) -> Condition:
    """Report all conflicts of a key in one condition: reasons joined, the message naming field, winner and losers.

    `clusters` is how many export the key. metav1.Condition allows commas in a reason, but no spaces.
    """
    if not conflicts:
        return Condition(
            ConditionType.CONFLICT,
            status=False,
            reason=Reason.NO_CONFLICTS,
            message="all exporting clusters agree",
            observed_generation=generation,
        )
    reasons = ",".join(dict.fromkeys(item.reason.value for item in conflicts))
    message = "; ".join(
        f"{item.field}: {item.held} of the oldest export (cluster {item.holder}) holds, "
        f"{len(item.losers)} of {clusters} clusters disagree: "
        f"{', '.join(f'{loser.cluster} ({loser.value})' for loser in item.losers)}"
        for item in conflicts
    )
    return Condition(
        ConditionType.CONFLICT, status=True, reason=reasons, message=message, observed_generation=generation
    )


def import_ready(service: ServiceImport, *, has_family: bool, generation: int) -> Condition:
    """Report whether an import can be used; without a common IP family it has no clusterset IP."""
    if has_family:
        is_local = service.type is ServiceType.CLUSTER_SET_IP and service.traffic.internal_policy == "Local"
        message = f"imported; {_LOCAL}" if is_local else "imported"
        return _ready(status=True, reason=Reason.READY, message=message, generation=generation)
    families = " or ".join(service.families)
    return _ready(
        status=False,
        reason=Reason.IP_FAMILY_NOT_SUPPORTED,
        message=f"this cluster gives Services no {families} address, and the exporting clusters share no other family",
        generation=generation,
    )


def valid(want: Export | NoExport, generation: int) -> Condition:
    """Report whether a ServiceExport can be exported at all; says nothing about its having been."""
    if isinstance(want, Export):
        message = "the Service can be exported"
        if unfit := left_out(want.labels, want.annotations):
            message += f"; Kubernetes refuses or reserves, so no ServiceImport gets: {', '.join(unfit)}"
        return _valid(status=True, reason=Reason.VALID, message=message, generation=generation)
    return _valid(status=False, reason=want.reason or Reason.NO_SERVICE, message=want.message, generation=generation)


def _valid(*, status: bool, reason: Reason, message: str, generation: int) -> Condition:
    return Condition(ConditionType.VALID, status=status, reason=reason, message=message, observed_generation=generation)


def exported(want: Export | NoExport, generation: int) -> Condition:
    """Report that an export is in the registry, or that nothing can be until the Service is exportable."""
    if isinstance(want, Export):
        return _ready(status=True, reason=Reason.EXPORTED, message="exported to the clusterset", generation=generation)
    return _ready(
        status=False, reason=Reason.PENDING, message="waiting for an exportable Service", generation=generation
    )


def not_exported(reason: Reason, message: str, generation: int) -> Condition:
    """Report why an exportable Service is not in the registry: FAILED needs a person, PENDING is tried again."""
    return _ready(status=False, reason=reason, message=message, generation=generation)


def _ready(*, status: bool, reason: Reason, message: str, generation: int) -> Condition:
    return Condition(ConditionType.READY, status=status, reason=reason, message=message, observed_generation=generation)
