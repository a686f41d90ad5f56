"""Register and deregister instances: asynchronous in Cloud Map, done here when the operation says SUCCESS."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cloudmap_mcs.cloudmap.calls import Calls
from cloudmap_mcs.cloudmap.instances import Instance
from cloudmap_mcs.cloudmap.polling import OperationTimes
from cloudmap_mcs.cloudmap.timing import Timer
from cloudmap_mcs.cloudmap.translation import (
    InFlightError,
    InstanceGoneError,
    OperationGoneError,
    ServiceGoneError,
    ThrottledError,
    failed_operation,
)
from cloudmap_mcs.errors import BusyError, RetryableError

_DEADLINE_SECONDS: Final = 30.0
_TRIES: Final = 7
_FIRST_PAUSE: Final = 0.05


@dataclass(frozen=True, slots=True)
class _Started:
    id: str
    kind: str
    action: str
    at: float


class Operations:
    """Starts operations and waits for them. `account` is the namespace's owner if that may be another account.

    `may_write` is asked before each start, since a record with parts can take longer than a Lease lasts; where it says
    no, RetryableError is raised and what was started before is left to itself.
    """

    def __init__(self, calls: Calls, timer: Timer, account: str | None, *, may_write: Callable[[], bool]) -> None:
        self._calls = calls
        self._writes = calls.while_allowed(may_write)
        self._timer = timer
        self._owner: Mapping[str, str] = {"OwnerAccount": account} if account else {}
        self._times = {"RegisterInstance": OperationTimes(), "DeregisterInstance": OperationTimes()}

    def register(self, service: str, instances: Iterable[Instance]) -> None:
        """Register instances of one service side by side; return when all are there."""
        started = [
            self._start("RegisterInstance", service, instance.id, Attributes=dict(instance.attributes))
            for instance in instances
        ]
        for operation in started:
            self._finish(operation)

    def deregister(self, service: str, instances: Iterable[str]) -> None:
        """Deregister instances of one service side by side; one that is not there is gone already."""
        started = []
        for instance in instances:
            try:
                started.append(self._start("DeregisterInstance", service, instance))
            except InstanceGoneError:
                continue
        for operation in started:
            self._finish(operation)

    def deregister_across(self, instances: Iterable[tuple[str, str]]) -> None:
        """Deregister instances, each with its service before it, side by side; one without its service is gone too."""
        started = []
        for service, instance in instances:
            try:
                started.append(self._start("DeregisterInstance", service, instance))
            except (InstanceGoneError, ServiceGoneError):
                continue
        for operation in started:
            self._finish(operation)

    def _start(self, kind: str, service: str, instance: str, **parameters: Any) -> _Started:
        """Start an operation; while another one on the same instance runs, wait for that first."""
        action = f"{kind} of {instance} in {service}"
        pause = _FIRST_PAUSE
        for attempt in range(1, _TRIES + 1):
            try:
                answer = self._writes(kind, action, ServiceId=service, InstanceId=instance, **parameters)
                return _Started(answer["OperationId"], kind, action, self._timer.seconds())
            except BusyError as error:
                if attempt == _TRIES:
                    raise
                self._wait_out(error, pause)
                pause *= 2
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _wait_out(self, error: BusyError, pause: float) -> None:
        named = error.operation if isinstance(error, InFlightError) else None
        if named is None:
            self._timer.sleep(pause)
            return
        _, looks = OperationTimes().looks()
        self._poll(_Started(named, "", f"waiting for operation {named}", self._timer.seconds()), looks)

    def _finish(self, started: _Started) -> None:
        times = self._times[started.kind]
        version, looks = times.looks()
        looked, operation = self._poll(started, looks)
        times.learn(version, looked)
        if operation.get("Status") == "FAIL":
            raise failed_operation(operation, started.action)

    def _poll(self, started: _Started, looks: Iterable[float]) -> tuple[list[float], Mapping[str, Any]]:
        """Look until the operation is over. Cloud Map forgets old operations: one it does not know is over."""
        looked = []
        for planned in looks:
            self._timer.sleep(max(0.0, planned - (self._timer.seconds() - started.at)))
            looked.append(self._timer.seconds() - started.at)
            operation = self._look(started)
            if operation.get("Status") not in {"SUBMITTED", "PENDING"}:
                return looked, operation
            if looked[-1] > _DEADLINE_SECONDS:
                raise RetryableError(f"{started.action}: not done after {_DEADLINE_SECONDS:.0f} s")
        raise AssertionError("unreachable: there is always one more look")

    def _look(self, started: _Started) -> Mapping[str, Any]:
        try:
            answer = self._calls("GetOperation", started.action, OperationId=started.id, **self._owner)
        except OperationGoneError:
            return {}
        except ThrottledError:
            return {"Status": "PENDING"}
        operation: Mapping[str, Any] = answer["Operation"]
        return operation
