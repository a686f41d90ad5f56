"""An answer on every path: what is foreseen, what is not, and a call that hangs until the function's time is up."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from cloudmap_mcs.errors import McsError, PermanentError
from lambdas.customresource.request import Request, read
from lambdas.customresource.response import Answer, Mailbox, Surroundings, body
from lambdas.customresource.timelimit import TimeIsUpError, time_limit

ANSWER_MS: Final = 10_000
"""Left of the function's time when whatever still runs is given up, so that the answer can be sent."""

_OUT_OF_TIME: Final = "the function's time was up; what was done stays, and another deploy goes on from there"


class Attending(Protocol):
    """One request on its way. `physical_id` is the one to answer with if it fails now."""

    physical_id: str

    def attend(self) -> Answer:
        """Do what is asked for; McsError for what was foreseen."""
        ...


@dataclass(frozen=True, slots=True)
class Answering:
    """Answers CloudFormation's requests from where this function runs."""

    logger: Logger
    surroundings: Surroundings
    mailbox: Mailbox

    def answer(self, event: dict[str, Any], context: LambdaContext, begin: Callable[[Request], Attending]) -> None:
        """Attend to a request and send what became of it.

        One that cannot be answered, or not safely, is logged and nothing else is done. Raises if the answer was not
        taken, so that Lambda tries it all again.
        """
        try:
            request = read(event)
            self.surroundings.check(request.ticket.url)
        except PermanentError as error:
            self.logger.error("not answered, and nothing was done", extra={"problem": str(error)})
            return
        self.logger.append_keys(request=request.kind.value, resource=request.ticket.logical_id)
        answer = self._attended(begin(request), context.get_remaining_time_in_millis())
        tell = self.logger.info if answer.is_success else self.logger.error
        tell("answered", extra={"answered_with": answer.physical_id, "reason": answer.reason, **answer.data})
        log = f"log stream {context.log_stream_name} of {context.log_group_name}"
        self.mailbox.send(request.ticket.url, body(request.ticket, answer, log=log))

    def _attended(self, attending: Attending, left_ms: int) -> Answer:
        try:
            with time_limit((left_ms - ANSWER_MS) / 1000):
                return attending.attend()
        except TimeIsUpError:
            reason = _OUT_OF_TIME
        except McsError as error:
            reason = str(error)
        except Exception as error:
            self.logger.exception("a bug")
            reason = f"an error that should not happen: {type(error).__name__}"
        return Answer(is_success=False, physical_id=attending.physical_id, reason=reason)
