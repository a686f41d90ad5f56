"""The CloudFormation type of an event bus's policy."""

# ruff: noqa: SLF001 -- ministack has no public way in, which is why its version is pinned

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.aws.inside.resources import Made, Properties, Resource, answered, selected

if TYPE_CHECKING:
    from types import ModuleType


class EventBusPolicies(Resource):
    """Statements of an event bus's policy."""

    replaced_by = ("EventBusName", "StatementId")

    def __init__(self, eventbridge: ModuleType) -> None:
        self._eventbridge = eventbridge

    def create(self, _logical_id: str, properties: Properties, _stack: str) -> Made:
        bus, statement_id = properties.get("EventBusName", "default"), properties["StatementId"]
        return self.change(f"{bus}|{statement_id}", properties)

    def change(self, physical_id: str, properties: Properties) -> Made:
        bus, statement_id = physical_id.split("|")
        answered(self._eventbridge._describe_event_bus({"Name": bus}), "EventBusPolicy")
        request = {"EventBusName": bus, "StatementId": statement_id}
        answered(self._eventbridge._put_permission(request), "EventBusPolicy")
        statements = self._eventbridge._event_bus_policies[bus]["Statement"]
        (statement,) = [each for each in statements if each["Sid"] == statement_id]
        statement |= properties.get("Statement") or _statement(properties)
        return physical_id, {}

    def delete(self, physical_id: str, _properties: Properties) -> None:
        bus, statement_id = physical_id.split("|")
        request = {"EventBusName": bus, "StatementId": statement_id}
        answered(self._eventbridge._remove_permission(request), "EventBusPolicy", missing_is_fine=True)


def _statement(properties: Properties) -> dict[str, Any]:
    """Return the statement that the older properties mean: an account by its number, or everybody."""
    principal = properties["Principal"]
    whom = principal if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"}
    return {**selected(properties, ("Action", "Condition")), "Principal": whom}
