"""EventBridge Scheduler takes a role that trusts it, and does with it what the role may."""

# ruff: noqa: SLF001 -- ministack has no public way in, which is why its version is pinned

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.aws.inside.permits import Service
from sandbox.aws.inside.resources import Made, Properties, Resource, answered, selected

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from sandbox.aws.inside.permits import Permits

    Answer = tuple[int, Any, bytes]

_SCHEDULER = "scheduler.amazonaws.com"
_ACTIONS = {"lambda": "lambda:InvokeFunction", "sqs": "sqs:SendMessage", "events": "events:PutEvents"}
_REFUSED = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."


@dataclass
class Scheduling:
    """Stands before ministack's Scheduler."""

    scheduler: ModuleType
    eventbridge: ModuleType
    permits: Permits

    def install(self, replace: Callable[[ModuleType, str, object], None]) -> None:
        """Put everything in its place in ministack."""
        self._create, self._update = self.scheduler._create_schedule, self.scheduler._update_schedule
        self._invoke = self.eventbridge._invoke_target
        replace(self.scheduler, "_create_schedule", self.create)
        replace(self.scheduler, "_update_schedule", self.update)
        replace(self.eventbridge, "_invoke_target", self.invoke)

    def create(self, name: str, body: dict[str, Any]) -> Answer:
        answer: Answer = self._refused(body) or self._create(name, body)
        return answer

    def update(self, name: str, body: dict[str, Any]) -> Answer:
        answer: Answer = self._refused(body) or self._update(name, body)
        return answer

    def _refused(self, body: dict[str, Any]) -> Answer | None:
        role = body.get("Target", {}).get("RoleArn", "")
        reason = self.permits.distrust(role, self._for(body.get("GroupName", "default")))
        answer: Answer | None = None
        if reason:
            answer = self.scheduler._error(400, "ValidationException", f"{_REFUSED} ({reason})")
        return answer

    def _for(self, group: str) -> Service:
        """Return Scheduler at work for a group: that, not the schedule, is what it names when it takes a role.

        https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
        """
        return Service(_SCHEDULER, self.scheduler._group_arn(group))

    def invoke(self, target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        """Send one event; a schedule's only if its role may."""
        if ":scheduler:" in rule["Arn"]:
            action = _ACTIONS.get(target["Arn"].split(":")[2], "")
            by = self._for(rule["GroupName"])
            reason = self.permits.of_service_role(target.get("RoleArn", ""), by, action, target["Arn"])
            if reason:
                self.scheduler.logger.warning("Scheduler: %s did not reach %s: %s", rule["Arn"], target["Arn"], reason)
                return
        self._invoke(target, event, rule, view)


class Schedules(Resource):
    """The CloudFormation type of a schedule, which ministack makes without looking whether that worked."""

    replaced_by = ("Name", "GroupName")

    def __init__(self, scheduler: ModuleType) -> None:
        self._scheduler = scheduler

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        name = properties.get("Name", f"{stack}-{logical_id}")
        self._scheduler._ensure_default_group()
        made = answered(self._scheduler._create_schedule(name, _body(properties)), "Schedule")
        return name, {"Arn": made["ScheduleArn"]}

    def change(self, physical_id: str, properties: Properties) -> Made:
        made = answered(self._scheduler._update_schedule(physical_id, _body(properties)), "Schedule")
        return physical_id, {"Arn": made["ScheduleArn"]}

    def delete(self, physical_id: str, properties: Properties) -> None:
        group = {"groupName": properties.get("GroupName", "default")}
        answered(self._scheduler._delete_schedule(physical_id, group), "Schedule", missing_is_fine=True)


def _body(properties: Properties) -> dict[str, Any]:
    names = ("GroupName", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target", "State")
    return selected(properties, (*names, "Description", "StartDate", "EndDate", "KmsKeyArn"))
