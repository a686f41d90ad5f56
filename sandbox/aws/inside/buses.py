"""EventBridge between buses as AWS has it: over accounts and Regions, with roles and policies, and one hop only.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html and eb-rule-dlq.html. What cannot be
delivered goes to the target's dead-letter queue at once, where AWS would try again only after errors that do not happen
here.
"""

# ruff: noqa: SLF001 -- ministack has no public way in, which is why its version is pinned

from __future__ import annotations

import contextvars
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.aws.inside.permits import Service

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from sandbox.aws.inside.permits import Permits

    Replace = Callable[[ModuleType, str, object], None]
    Answer = tuple[int, Any, bytes]

_ENTRIES = 10
_EVENTS = "events.amazonaws.com"
_TOLD = "an event can be sent to an event bus target only once. This event was sent to one before."


class UndeliveredError(Exception):
    """An event that a target does not get: a code of EventBridge's dead letters, and the reason."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass
class Buses:
    """Stands before ministack's EventBridge."""

    eventbridge: ModuleType
    sqs: ModuleType
    responses: ModuleType
    permits: Permits
    _current: contextvars.ContextVar[dict[str, Any]] = field(
        default_factory=lambda: contextvars.ContextVar("sandbox_target")
    )

    def install(self, replace: Replace) -> None:
        """Put everything in its place in ministack."""
        self._invoke, self._to_bus = self.eventbridge._invoke_target, self.eventbridge._dispatch_to_event_bus
        self._to_sqs, self._put = self.eventbridge._dispatch_to_sqs, self.eventbridge._put_events
        replace(self.eventbridge, "_invoke_target", self.invoke)
        replace(self.eventbridge, "_dispatch_to_event_bus", self.to_bus)
        replace(self.eventbridge, "_dispatch_to_sqs", self.to_sqs)
        replace(self.eventbridge, "_put_events", self.put)

    def invoke(self, target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        """Send one event to one target of a rule or schedule, or to the target's dead letters."""
        token = self._current.set({"target": target, "rule": rule["Arn"]})
        try:
            self._invoke(target, event, rule, view)
        finally:
            self._current.reset(token)

    def to_bus(self, spec: Any, event: dict[str, Any], rule: dict[str, Any], path: Any, payload: Any = None) -> None:
        """Send an event to a bus, which it must be the first for."""
        try:
            self._check_hop(spec, path)
            self._forward(spec, event, rule, payload)
        except UndeliveredError as error:
            self._bury(event, error)

    def _check_hop(self, spec: Any, path: Any) -> None:
        if path:
            is_far = spec.region != self.responses.get_region()
            raise UndeliveredError("THIRD_REGION_HOP_DETECTED" if is_far else "THIRD_ACCOUNT_HOP_DETECTED", _TOLD)

    def _forward(self, spec: Any, event: dict[str, Any], rule: dict[str, Any], payload: Any) -> None:
        here = (self.responses.get_account_id(), self.responses.get_region())
        if (spec.account_id, spec.region) == here:
            self._to_bus(spec, event, rule, set(), payload)
            return
        if payload is not None:
            raise UndeliveredError("INVALID_PARAMETER", "the input of a bus elsewhere cannot be modified")
        role = self._current.get()["target"].get("RoleArn", "")
        reason = self.permits.of_service_role(role, Service(_EVENTS, rule["Arn"]), "events:PutEvents", str(spec))
        if reason:
            raise UndeliveredError("NO_PERMISSIONS", reason)
        with self.responses.request_scope(spec.account_id, spec.region):
            bus = self._bus(spec)
            if spec.account_id != here[0] and not self.permits.lets_in(self._policy(bus), role, str(spec), event):
                raise UndeliveredError("NO_PERMISSIONS", f"the policy of {spec} does not let {role} in")
            self._deliver({**event, "EventBusName": bus, "_DispatchPath": [rule["Arn"]]})

    def _bus(self, spec: Any) -> str:
        """Return the name of a bus of this account and Region."""
        self.eventbridge._ensure_default_bus()
        name: str = spec.resource.removeprefix("event-bus/")
        if name not in self.eventbridge._event_buses:
            raise UndeliveredError("NO_RESOURCE", f"there is no event bus {spec}")
        return name

    def _policy(self, bus: str) -> dict[str, Any]:
        policy: dict[str, Any] = self.eventbridge._event_bus_policies.get(bus) or {}
        return policy

    def _deliver(self, event: dict[str, Any]) -> None:
        self.eventbridge._dispatch_event(event)
        self.eventbridge._archive_event({name: value for name, value in event.items() if name != "_DispatchPath"})

    def to_sqs(self, spec: Any, payload: str, parameters: Any = None) -> None:
        """Send an event to a queue whose policy lets the rule in; Scheduler has a role for that."""
        current = self._current.get()
        if ":scheduler:" in current["rule"]:
            self._to_sqs(spec, payload, parameters)
            return
        account = self.responses.get_account_id()
        if self.sqs.queue_policy_allows(str(spec), _EVENTS, current["rule"], account):
            self._to_sqs(spec, payload, parameters)
            return
        reason = f"The specified queue {spec} does not exist or you do not have access to it."
        self._bury(json.loads(payload), UndeliveredError("NO_RESOURCE", reason))

    def _bury(self, event: dict[str, Any], error: UndeliveredError) -> None:
        """Tell of an event that was not delivered, and put it into the target's dead-letter queue if it has one."""
        target, rule = self._current.get()["target"], self._current.get()["rule"]
        told = "EventBridge: an event of %s did not reach %s: %s: %s"
        self.eventbridge.logger.warning(told, rule, target["Arn"], error.code, error)
        queue_arn = target.get("DeadLetterConfig", {}).get("Arn", "")
        queue = self.sqs._queue_by_arn(queue_arn) if queue_arn else None
        account = self.responses.get_account_id()
        if queue is None or not self.sqs.queue_policy_allows(queue_arn, _EVENTS, rule, account):
            return
        letter = event if "detail" in event else self.eventbridge._pattern_event_view(event).event_with_detail()
        where = {"RULE_ARN": rule, "TARGET_ARN": target["Arn"]}
        why = {"ERROR_CODE": error.code, "ERROR_MESSAGE": str(error), "RETRY_ATTEMPTS": "0"}
        queue["messages"].append(_letter(json.dumps(letter), where | why))
        self.sqs._ensure_msg_fields(queue["messages"][-1])

    def put(self, data: dict[str, Any]) -> Answer:
        """Put events on buses of this Region, by their ARNs also on those of other accounts that let the caller in."""
        entries = data.get("Entries", [])
        here = f"arn:aws:events:{self.responses.get_region()}:{self.responses.get_account_id()}:"
        buses = [str(entry.get("EventBusName", "")) for entry in entries]
        is_foreign = [bus.startswith("arn:") and not bus.startswith(here) for bus in buses]
        if len(entries) > _ENTRIES or not any(is_foreign):
            answer: Answer = self._put(data, allow_aws_source=True)
            return answer
        results = [
            self._put_abroad(entry) if foreign else self._put_here(entry)
            for entry, foreign in zip(entries, is_foreign, strict=True)
        ]
        failed = sum("ErrorCode" in result for result in results)
        body = json.dumps({"FailedEntryCount": failed, "Entries": results}).encode()
        return 200, {"Content-Type": "application/x-amz-json-1.1"}, body

    def _put_here(self, entry: dict[str, Any]) -> dict[str, Any]:
        _, _, body = self._put({"Entries": [entry]}, allow_aws_source=True)
        result: dict[str, Any] = json.loads(body)["Entries"][0]
        return result

    def _put_abroad(self, entry: dict[str, Any]) -> dict[str, Any]:
        account, region = self.responses.get_account_id(), self.responses.get_region()
        try:
            spec = self.eventbridge.parse_arn(entry["EventBusName"])
        except ValueError:
            return {"ErrorCode": "ValidationException", "ErrorMessage": "EventBusName is not a valid ARN."}
        if spec.region != region:
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": f"EventBusName {spec} is not in {region}."}
        event = _record(entry, account, region)
        with self.responses.request_scope(spec.account_id, region):
            try:
                event["EventBusName"] = self._bus(spec)
            except UndeliveredError as error:
                return {"ErrorCode": "ResourceNotFoundException", "ErrorMessage": str(error)}
            if not self.permits.lets_in(self._policy(event["EventBusName"]), self.permits.caller(), str(spec), event):
                told = f"{self.permits.caller()} is not authorized to perform: events:PutEvents on resource: {spec}"
                return {"ErrorCode": "AccessDeniedException", "ErrorMessage": told}
            self._deliver(event)
        return {"EventId": event["EventId"]}


def _record(entry: dict[str, Any], account: str, region: str) -> dict[str, Any]:
    """Return an event as ministack keeps it; it stays its sender's, wherever it goes."""
    return {
        "EventId": str(uuid.uuid4()),
        "Source": entry.get("Source", ""),
        "DetailType": entry.get("DetailType", ""),
        "Detail": entry.get("Detail", "{}"),
        "Time": int(time.time()),  # noqa: TID251 -- a door
        "Resources": entry.get("Resources", []),
        "Account": account,
        "Region": region,
    }


def _letter(body: str, told: dict[str, str]) -> dict[str, Any]:
    now = time.time()  # noqa: TID251 -- a door
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in told.items()}
    sent = {"SenderId": _EVENTS, "SentTimestamp": str(int(now * 1000))}
    return {"id": str(uuid.uuid4()), "body": body, "sent_at": now, "visible_at": now, "sys": sent} | {
        "message_attributes": attributes,
        "receive_count": 0,
    }
