"""The CloudFormation types of a function and of an event source mapping, where ministack does less than Lambda.

A function's VPC is kept and has no effect: functions run on this machine.
"""

# ruff: noqa: SLF001 -- ministack has no public way in, which is why its version is pinned

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.aws.inside.permits import Service
from sandbox.aws.inside.resources import Made, Properties, answered

if TYPE_CHECKING:
    from types import ModuleType

    from sandbox.aws.inside.permits import Permits

TYPE = "AWS::Lambda::Function"
MAPPING = "AWS::Lambda::EventSourceMapping"
_QUEUE_ACTIONS = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
_CONCURRENCY = "ReservedConcurrentExecutions"


class Functions:
    """Stands before ministack's own handler of the type."""

    def __init__(self, handler: dict[str, Any], functions: ModuleType) -> None:
        self._handler = handler
        self._functions = functions

    def handler(self) -> dict[str, Any]:
        """Return the handler with what was forgotten."""
        return {**self._handler, "create": self.create, "update": self.update}

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        made: Made = self._handler["create"](logical_id, properties, stack)
        return self._completed(made, properties)

    def update(self, physical_id: str, old: Properties, new: Properties, *more: Any) -> Made:
        made: Made = self._handler["update"](physical_id, old, new, *more)
        return self._completed(made, new)

    def _completed(self, made: Made, properties: Properties) -> Made:
        name = made[0]
        vpc = self._functions._vpc_config_with_id(properties.get("VpcConfig"))
        self._functions._functions[name]["config"]["VpcConfig"] = vpc
        if _CONCURRENCY in properties:
            wanted = {_CONCURRENCY: int(properties[_CONCURRENCY])}
            answered(self._functions._put_function_concurrency(name, wanted), "Function")
        else:
            answered(self._functions._delete_function_concurrency(name), "Function")
        return made


class Mappings:
    """Stands before ministack's own handler of event source mappings, which polls queues as nobody in particular."""

    def __init__(self, handler: dict[str, Any], functions: ModuleType, permits: Permits) -> None:
        self._handler = handler
        self._functions = functions
        self._permits = permits

    def handler(self) -> dict[str, Any]:
        """Return the handler with Lambda's check of the function's role."""
        return {**self._handler, "create": self.create}

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        """Make a mapping if the function's role may read the queue, as Lambda looks before it makes one."""
        source: str = properties["EventSourceArn"]
        name, _ = self._functions._resolve_name_and_qualifier(properties["FunctionName"])
        config = self._functions._functions[name]["config"]
        by = Service("lambda.amazonaws.com", config["FunctionArn"])
        for action in _QUEUE_ACTIONS if ":sqs:" in source else ():
            reason = self._permits.of_service_role(config["Role"], by, f"sqs:{action}", source)
            if reason:
                told = f"The function execution role does not have permissions to call {action} on SQS"
                raise ValueError(f"EventSourceMapping: {told} ({reason})")
        made: Made = self._handler["create"](logical_id, properties, stack)
        return made
