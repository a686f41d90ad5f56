"""Asynchronous operations: accepted now, effective when they succeed, one at a time on each thing."""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sandbox.cloudmap.access import is_visible
from sandbox.cloudmap.errors import ApiError
from sandbox.cloudmap.listing import Condition, page_of
from sandbox.cloudmap.model import Call, Caller, State

Effect = Callable[[float], None]
Lock = tuple[str, ...]

_PENDING_AFTER = 0.25
"""The part of its time that an operation is SUBMITTED before it is PENDING."""


@dataclass(frozen=True, slots=True)
class Change:
    """What an operation is about to do; `lock` names the one thing it changes."""

    kind: str
    owner: Caller
    lock: Lock
    targets: Mapping[str, str]
    request: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """An accepted change; `outcome` is None until it is due, then SUCCESS or FAIL.

    `related` are things it can be found by (NAMESPACE, SERVICE) beyond those it answers as its targets.
    """

    id: str
    change: Change
    created: float
    due: float
    sequence: int
    related: Mapping[str, str]
    outcome: str | None = None
    error: str | None = None

    def status(self, now: float) -> tuple[str, float]:
        """Return the status and the moment since when."""
        if self.outcome is not None:
            return self.outcome, self.due
        pending = self.created + (self.due - self.created) * _PENDING_AFTER
        return ("PENDING", pending) if now >= pending else ("SUBMITTED", self.created)


class Desk:
    """Accepts operations, knows which are in flight, and completes those that are due."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._agenda: list[tuple[float, int, Effect]] = []
        self._in_flight: dict[Lock, str] = {}
        self.operations: dict[str, Operation] = {}

    def schedule(self, moment: float, effect: Effect) -> None:
        """Let `effect` happen at `moment`, after everything scheduled for that moment before."""
        heapq.heappush(self._agenda, (moment, self._state.next_number(), effect))

    def advance(self, now: float) -> None:
        """Move the time on, never back, and let everything due happen at its own moment."""
        now = max(now, self._state.now)
        while self._agenda and self._agenda[0][0] <= now:
            moment, _, effect = heapq.heappop(self._agenda)
            self._state.now = max(moment, self._state.now)
            effect(self._state.now)
        self._state.now = now

    def running(self, lock: Lock) -> Operation | None:
        """Return the operation in flight on this thing, if any."""
        operation_id = self._in_flight.get(lock)
        return None if operation_id is None else self.operations[operation_id]

    def running_kinds(self, kind: str, owner: Caller) -> int:
        """Count the operations of one type in flight in one account and Region."""
        changes = (self.operations[operation_id].change for operation_id in self._in_flight.values())
        return sum(change.kind == kind and change.owner == owner for change in changes)

    def repeated(self, change: Change) -> str | None:
        """Return the id of the running operation that this very request started; None if nothing runs.

        Any other operation in flight on the same thing is a DuplicateRequest, or a ResourceInUse if of another type.
        """
        operation = self.running(change.lock)
        if operation is None:
            return None
        token = change.request.get("CreatorRequestId") or change.request.get("UpdaterRequestId")
        if token is not None and operation.change.request == change.request and operation.change.kind == change.kind:
            return operation.id
        if operation.change.kind == change.kind or self._state.settings.opposite_operation_error == "DuplicateRequest":
            raise ApiError(
                "DuplicateRequest", "The operation is already in progress.", DuplicateOperationId=operation.id
            )
        raise ApiError("ResourceInUse", f"Another operation on it is in progress: {operation.id}.")

    def submit(self, change: Change, effect: Effect, *, undo: Effect | None = None, **related: str) -> dict[str, str]:
        """Accept a change: `effect` happens when it succeeds, `undo` if it fails; returns the API's answer.

        Neither happens before the time moves on, so with a delay of zero the next call sees the effect.
        """
        state = self._state
        settings = state.settings
        due = state.now + state.draw(settings.operation_delay)
        failure = state.failures.strike(lambda rule: rule.type in ("*", change.kind))
        operation = Operation(
            state.new_id("", 32) + "-" + state.new_id("", 8), change, state.now, due, state.next_number(), related
        )

        def complete(moment: float) -> None:
            self._in_flight.pop(change.lock, None)
            outcome = replace(
                self.operations[operation.id],
                outcome="FAIL" if failure else "SUCCESS",
                error=failure.error if failure else None,
            )
            self.operations[operation.id] = outcome
            consequence = undo if failure else effect
            if consequence is not None:
                consequence(moment)

        self.operations[operation.id] = operation
        self._in_flight[change.lock] = operation.id
        self._forget_old(settings.operations_kept)
        self.schedule(due, complete)
        return {"OperationId": operation.id}

    def _forget_old(self, kept: int) -> None:
        while len(self.operations) > kept:
            oldest = next(iter(self.operations.values()))
            if oldest.outcome is None:
                return
            del self.operations[oldest.id]


def get_operation(state: State, desk: Desk, call: Call) -> dict[str, Any]:
    account = call.params.get("OwnerAccount", call.caller.account)
    operation = desk.operations.get(call.params["OperationId"])
    owner = Caller(account, call.caller.region)
    if operation is None or operation.change.owner != owner or not _may_follow(state, call.caller, operation):
        raise ApiError("OperationNotFound", f"No operation {call.params['OperationId']} in account {account}.")
    status, since = operation.status(state.now)
    answer: dict[str, Any] = {
        "Id": operation.id,
        "OwnerAccount": operation.change.owner.account,
        "Type": operation.change.kind,
        "Status": status,
        "CreateDate": operation.created,
        "UpdateDate": since,
        "Targets": dict(operation.change.targets),
    }
    if operation.error is not None:
        answer |= {"ErrorCode": operation.error, "ErrorMessage": f"The operation failed: {operation.error}."}
    return {"Operation": answer}


def _may_follow(state: State, caller: Caller, operation: Operation) -> bool:
    """Tell whether the caller may ask about an operation: on what is its own, or in a namespace shared with it."""
    if operation.change.owner == caller:
        return True
    related = {**operation.change.targets, **operation.related}
    namespace = state.namespaces.get(related.get("NAMESPACE", ""))
    return namespace is not None and is_visible(state, caller, namespace)


_FILTERS: Mapping[str, frozenset[str]] = {
    "NAMESPACE_ID": frozenset({"EQ"}),
    "SERVICE_ID": frozenset({"EQ"}),
    "STATUS": frozenset({"EQ", "IN"}),
    "TYPE": frozenset({"EQ", "IN"}),
    "UPDATE_DATE": frozenset({"BETWEEN"}),
}


def list_operations(state: State, desk: Desk, call: Call) -> dict[str, Any]:
    """List operations; pages first, then filters, so a page may be empty and not the last."""

    def holds(operation: Operation, condition: Condition) -> bool:
        status, since = operation.status(state.now)
        related = {**operation.change.targets, **operation.related}
        value = {
            "NAMESPACE_ID": related.get("NAMESPACE"),
            "SERVICE_ID": related.get("SERVICE"),
            "STATUS": status,
            "TYPE": operation.change.kind,
            "UPDATE_DATE": since,
        }[condition.name]
        # The model's text calls the status SUCCEED in filters and SUCCESS in answers.
        return condition.holds("SUCCEED" if value == "SUCCESS" and "SUCCEED" in condition.values else value)

    own = (operation for operation in desk.operations.values() if operation.change.owner == call.caller)
    found, rest = page_of("operations", call.params, own, filters=_FILTERS, holds=holds)
    return {"Operations": [{"Id": o.id, "Status": o.status(state.now)[0]} for o in found], **rest}
