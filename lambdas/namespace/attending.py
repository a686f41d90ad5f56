"""From a request of CloudFormation to its answer, for both resources."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cloudmap_mcs.cloudmap.emptying import Emptied
from cloudmap_mcs.cloudmap.finding import Found
from cloudmap_mcs.errors import PermanentError, RetryableError
from lambdas.customresource.request import Kind, Request
from lambdas.customresource.response import Answer
from lambdas.namespace import telling
from lambdas.namespace.properties import Content, Lookup, wanted

NOTHING: Final = "/nothing"
"""End of the physical id of a resource that could not be made."""
CONTENT: Final = "/content"
_LOOKS: Final = 8
_PAUSE_SECONDS: Final = 5.0
_GOING: Final = ("DELETE_", "ROLLBACK_")
"""States of a stack that is deleted, or whose creation is taken back (CloudFormation User Guide, "Stack states")."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the function can do: look once, empty as long as there is time, ask for a stack's state, sleep (seconds)."""

    find: Callable[[Lookup], Found | None]
    empty: Callable[[Content], Emptied]
    stack_state: Callable[[str], str]
    sleep: Callable[[float], None]


@dataclass(slots=True)
class Attendance:
    """One request on its way (`lambdas.customresource.answering.Attending`)."""

    request: Request
    tools: Tools
    physical_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.physical_id = self.request.physical_id or f"{self.request.ticket.logical_id}{NOTHING}"

    def attend(self) -> Answer:
        """Do what is asked for; McsError for what was foreseen."""
        match wanted(self.request.properties):
            case Lookup() as lookup:
                return self._done() if self.request.kind is Kind.DELETE else self._find(lookup)
            case Content() as content:
                if self.request.kind is Kind.DELETE:
                    return self._empty(content)
                self.physical_id = content.namespace_id + CONTENT
                return self._done()

    def _done(self, **data: str) -> Answer:
        return Answer(is_success=True, physical_id=self.physical_id, data=data)

    def _find(self, lookup: Lookup) -> Answer:
        """Look again for a while: what was shared a moment ago is not seen at once everywhere."""
        account = self.request.ticket.stack_id.split(":")[4]
        problem: RetryableError | None = None
        for look in range(_LOOKS):
            if look:
                self.tools.sleep(_PAUSE_SECONDS)
            try:
                found = self.tools.find(lookup)
            except RetryableError as error:
                problem = error
                continue
            if found:
                self.physical_id = found.arn
                return self._done(Arn=found.arn, Id=found.id)
            problem = None
        raise problem or PermanentError(telling.not_found(lookup, account))

    def _empty(self, content: Content) -> Answer:
        """Empty the namespace if its stack goes.

        The resource is deleted, too, when an update that brought it is taken back; then clusters work with what is in
        the namespace.
        """
        state = self.tools.stack_state(self.request.ticket.stack_id)
        if not state.startswith(_GOING):
            return self._done(Told=f"left as it is: the stack is not deleted, its state is {state}")
        emptied = self.tools.empty(content)
        if emptied.left:
            raise RetryableError(telling.not_empty(content, emptied))
        return self._done(Told=f"removed {emptied.removed} services")
