"""From a request of CloudFormation to its answer: what a physical id means, and what a failure leaves behind."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.reconcile.installing.installer import Installed
from cloudmap_mcs.settings import InstallerSettings
from lambdas.customresource.request import Kind, Request
from lambdas.customresource.response import Answer
from lambdas.installer.door import Door
from lambdas.installer.properties import Order, order

INSTALLED: Final = "/cloudmap-mcs"
REFUSED: Final = "/refused"
"""Ends of physical ids. CloudFormation asks for the Delete of what a failed Create has answered: of a refused one there
is nothing to delete, and much that others may have installed."""


@dataclass(slots=True)
class Attendance:
    """One request on its way (`lambdas.customresource.answering.Attending`)."""

    request: Request
    settings: Callable[[], InstallerSettings]
    open_door: Callable[[Order], Door]
    physical_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.physical_id = self.request.physical_id or f"{self.request.ticket.logical_id}{REFUSED}"

    def attend(self) -> Answer:
        """Do what is asked for; McsError for what was foreseen."""
        done = self._leave() if self.request.kind is Kind.DELETE else self._join()
        data = {"Done": ", ".join(done.done) or "nothing", "Told": " ".join(done.told)}
        return Answer(is_success=True, physical_id=self.physical_id, data=data)

    def _join(self) -> Installed:
        wanted = self._order()
        arn = wanted.target.arn(self.request.ticket.partition)
        if self.request.kind is Kind.CREATE:
            self.physical_id = arn + REFUSED

        def approved() -> None:
            # From here on something may be in the cluster that only a Delete of this id takes out.
            self.physical_id = arn + INSTALLED

        return self.open_door(wanted).join(wanted.wanted(self.request.ticket.stack_id), approved)

    def _leave(self) -> Installed:
        if self.physical_id.endswith(REFUSED):
            return Installed((), ("nothing was ever installed",))
        try:
            wanted = self._order()
        except PermanentError as error:
            if self.physical_id.endswith(INSTALLED):
                raise
            # CloudFormation made this id up, as no answer had come: with such properties nothing can have been done.
            return Installed((), (f"nothing was ever installed: {error}",))
        return self.open_door(wanted).leave(wanted.wanted(self.request.ticket.stack_id))

    def _order(self) -> Order:
        return order(self.request.properties, self.settings())
