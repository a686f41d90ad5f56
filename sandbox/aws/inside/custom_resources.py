"""What CloudFormation does with a custom resource that ministack does not: clean up after a Create that failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


@dataclass
class CustomResources:
    """Stands before ministack's custom resources."""

    module: ModuleType
    _answers: dict[str, str] = field(default_factory=dict)
    """Logical id → physical id of the latest answer, while the resource's function is awaited."""

    def install(self, replace: Callable[[ModuleType, str, object], None]) -> None:
        """Put everything in its place in ministack."""
        self._invoke, self._deliver = self.module.invoke_custom_resource, self.module.deliver_response
        replace(self.module, "invoke_custom_resource", self.invoke)
        replace(self.module, "deliver_response", self.deliver)
        # Where a function's SDK finds this AWS, too: by that a function knows whom it may answer.
        port = self.module._PORT  # noqa: SLF001 -- there is no public way
        replace(self.module, "_gateway_url", lambda: f"http://127.0.0.1:{port}")

    def deliver(self, token: str, response: dict[str, Any]) -> bool:
        self._answers[f"{response.get('StackId')} {response.get('LogicalResourceId')}"] = str(
            response.get("PhysicalResourceId") or ""
        )
        delivered: bool = self._deliver(token, response)
        return delivered

    def invoke(self, request: str, logical_id: str, properties: dict[str, Any], *more: Any, **named: Any) -> Any:
        """Call the function; a Create that failed is followed by a Delete of what its answer named, as in a rollback.

        That is where CloudFormation does it: the resource that failed is the first to be rolled back.
        """
        stack_name, stack_id, kind = more
        key = f"{stack_id} {logical_id}"
        try:
            return self._invoke(request, logical_id, properties, stack_name, stack_id, kind, **named)
        except RuntimeError as error:
            physical_id = self._answers.get(key)
            if request == "Create" and physical_id:
                self._clean_up(error, (logical_id, properties, stack_name, stack_id, kind), physical_id)
            raise
        finally:
            self._answers.pop(key, None)

    def _clean_up(self, error: Exception, resource: tuple[Any, ...], physical_id: str) -> None:
        try:
            self._invoke("Delete", *resource, physical_id=physical_id)
        except (RuntimeError, TimeoutError) as failure:
            raise RuntimeError(f"{error}; and its Delete failed: {failure}") from error
