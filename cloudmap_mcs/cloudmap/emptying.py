"""Removing all that is in a namespace, so that it can be deleted."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, Final

from cloudmap_mcs.cloudmap.calls import Calls
from cloudmap_mcs.cloudmap.operations import Operations
from cloudmap_mcs.cloudmap.rates import Buckets
from cloudmap_mcs.cloudmap.services import Services
from cloudmap_mcs.cloudmap.timing import MonotonicTimer, Timer
from cloudmap_mcs.cloudmap.translation import NamespaceGoneError, ServiceGoneError
from cloudmap_mcs.errors import BusyError, McsError, RetryableError

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 10.0


@dataclass(frozen=True, slots=True)
class Emptied:
    """How many services were removed, and what stands in the way of the others, by name; nothing if none is left."""

    removed: int
    left: Mapping[str, McsError] = field(default_factory=dict)


class Emptier:
    """Deregisters every instance of every service of a namespace, whoever made them, and deletes the services.

    `namespace` is its id or ARN. It takes the whole of the account's rates: nobody else is to write any more. What is
    gone already is no failure, so that a second run goes on where the first one stopped.
    """

    def __init__(self, client: Any, *, namespace: str, executor: Executor, timer: Timer | None = None) -> None:
        self._timer = timer or MonotonicTimer()
        self._calls = Calls(client, Buckets(1, self._timer))
        self._services = Services(self._calls, namespace)
        self._executor = executor

    def run(self, *, seconds: float) -> Emptied:
        """Work until nothing is left, but begin nothing after so many seconds, and give up where only a person helps.

        Services that are made meanwhile, or that an operation still holds, are looked at again.
        """
        until, removed, pause = self._timer.seconds() + seconds, 0, _FIRST_PAUSE
        while True:
            done, left = self._round(until)
            removed += done
            if not done and not left:
                return Emptied(removed)
            is_hopeless = left and not any(isinstance(error, RetryableError) for error in left.values())
            if is_hopeless or self._timer.seconds() + pause >= until:
                return Emptied(removed, left or {"*": RetryableError("the time was up before another look")})
            if left:
                self._timer.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _round(self, until: float) -> tuple[int, Mapping[str, McsError]]:
        """Remove all services that are listed now; return how many went, and why others did not."""
        try:
            found = list(self._services.every())
        except NamespaceGoneError:
            found = []
        except RetryableError as error:
            return 0, {"*": error}
        operations = Operations(
            self._calls, self._timer, self._services.account, may_write=lambda: self._timer.seconds() < until
        )
        errors = self._executor.map(lambda service: self._remove(service[1], operations), found)
        left = {name: error for (name, _), error in zip(found, errors, strict=True) if error}
        return len(found) - len(left), left

    def _remove(self, service_id: str, operations: Operations) -> McsError | None:
        try:
            instances = [instance.id for instance in self._services.instances(service_id)]
            operations.deregister(self._services.reference(service_id), instances)
            if not self._services.delete(service_id):
                return BusyError(f"service {service_id} has instances again")
        except ServiceGoneError:
            return None
        except McsError as error:
            return error
        return None
