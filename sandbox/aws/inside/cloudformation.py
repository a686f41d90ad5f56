"""The CloudFormation types that ministack is given, by name."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.aws.inside import functions
from sandbox.aws.inside.cloudmap_types import CloudMapNamespaces
from sandbox.aws.inside.eks_types import AccessEntries, PodIdentityAssociations
from sandbox.aws.inside.event_types import EventBusPolicies
from sandbox.aws.inside.ram_types import ResourceShares
from sandbox.aws.inside.schedules import Schedules

if TYPE_CHECKING:
    from types import ModuleType

_NAMESPACE = "AWS::ServiceDiscovery::HttpNamespace"
_SCHEDULE = "AWS::Scheduler::Schedule"
_REPLACED = (_NAMESPACE, _SCHEDULE)


@dataclass(frozen=True, slots=True)
class Inside:
    """Where the handlers work: ministack's modules, and the Cloud Map of the sandbox."""

    eks: ModuleType
    eventbridge: ModuleType
    responses: ModuleType
    scheduler: ModuleType
    functions: ModuleType
    cloudmap_url: str


def register(handlers: dict[str, Any], inside: Inside) -> None:
    """Add the missing CloudFormation types; only the namespace and the schedule replace one that is there.

    The function's is completed.
    """
    ours = {
        _NAMESPACE: CloudMapNamespaces(inside.responses, inside.cloudmap_url),
        "AWS::EKS::AccessEntry": AccessEntries(inside.eks),
        "AWS::EKS::PodIdentityAssociation": PodIdentityAssociations(inside.eks),
        "AWS::Events::EventBusPolicy": EventBusPolicies(inside.eventbridge),
        _SCHEDULE: Schedules(inside.scheduler),
        "AWS::RAM::ResourceShare": ResourceShares(inside.responses, inside.cloudmap_url),
    }
    for name, resource in ours.items():
        if (name in handlers) != (name in _REPLACED):
            sys.exit(f"this ministack {'knows' if name in handlers else 'does not know'} {name}, unlike the pinned one")
        handlers[name] = {"create": resource.create, "update": resource.update, "delete": resource.delete}
    handlers[functions.TYPE] = functions.Functions(handlers[functions.TYPE], inside.functions).handler()
