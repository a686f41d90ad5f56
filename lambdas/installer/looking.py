"""The resource `Custom::CloudmapMcsLook`: what EKS alone says against a cluster, before EKS is asked to make anything.

EKS refuses an access entry in its own words where a cluster's authentication mode knows none. The preflight of the
install comes after the access entries, as it needs them; so this looks before them, with the same properties.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cloudmap_mcs.settings import InstallerSettings
from lambdas.customresource.request import Kind, Request
from lambdas.customresource.response import Answer
from lambdas.installer.door import Door
from lambdas.installer.properties import Order, order

RESOURCE_TYPE: Final = "Custom::CloudmapMcsLook"
LOOKED_AT: Final = "/looked-at"
"""End of physical ids. A look leaves nothing behind, so a Delete does nothing, whatever its id and properties."""


@dataclass(slots=True)
class Look:
    """One request on its way (`lambdas.customresource.answering.Attending`)."""

    request: Request
    settings: Callable[[], InstallerSettings]
    open_door: Callable[[Order], Door]
    physical_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.physical_id = self.request.physical_id or f"{self.request.ticket.logical_id}{LOOKED_AT}"

    def attend(self) -> Answer:
        """Look, but for a Delete; McsError for what was foreseen."""
        if self.request.kind is not Kind.DELETE:
            self._look()
        return Answer(is_success=True, physical_id=self.physical_id)

    def _look(self) -> None:
        wanted = order(self.request.properties, self.settings())
        looked_at = wanted.target.arn(self.request.ticket.partition) + LOOKED_AT
        if self.request.kind is Kind.CREATE:
            self.physical_id = looked_at
        self.open_door(wanted).look(wanted.wanted(self.request.ticket.stack_id))
        self.physical_id = looked_at
