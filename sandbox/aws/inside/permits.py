"""What AWS's services may do in somebody's name: their roles, and the policies of event buses."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from sandbox.aws.inside.calls import Calls


@dataclass(frozen=True, slots=True)
class Service:
    """An AWS service at work for the resource `source` (an ARN), as trust policies may demand."""

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Permits:
    """Answers with ministack's own evaluator, and notes every decision about a role's rights."""

    evaluator: ModuleType
    iam: ModuleType
    responses: ModuleType
    calls: Calls

    def install(self, replace: Callable[[ModuleType, str, object], None]) -> None:
        """Let `aws:PrincipalArn` be a role's ARN, not that of its session."""
        original = self.evaluator._resolve_condition_key  # noqa: SLF001 -- there is no public way

        def resolve(key: str, context: Any) -> Any:
            return self._role_of(context.principal_arn) if key.lower() == "aws:principalarn" else original(key, context)

        replace(self.evaluator, "_resolve_condition_key", resolve)

    def _role_of(self, arn: str) -> str:
        """Return the ARN of the role whose session this is, with its path; others as they are."""
        _, is_session, rest = arn.partition(":assumed-role/")
        if not is_session:
            return arn
        account, name = arn.split(":")[4], rest.partition("/")[0]
        record = self.iam._roles.get_scoped(account, None, name)  # noqa: SLF001 -- there is no public way
        return str(record["Arn"]) if record else f"arn:aws:iam::{account}:role/{name}"

    def caller(self) -> str:
        """Return the ARN of who made the request at hand."""
        arn: str = self.evaluator.caller_arn()
        return arn

    def of_service_role(self, role: str, by: Service, action: str, resource: str) -> str:
        """Tell why a service may not do something by a role of this account; nothing if it may."""
        account, region = self.responses.get_account_id(), self.responses.get_region()
        name, distrust = role.rpartition("/")[2], self.distrust(role, by)
        if distrust:
            return distrust
        asked = self._context(f"arn:aws:sts::{account}:assumed-role/{name}/{by.name}", action, resource, {})
        policies = self.evaluator._gather_role_policies(name, account)  # noqa: SLF001 -- the same
        allowed = self.evaluator.evaluate(asked, policies).decision == "Allow"
        self.calls.note(
            account=account, region=region, principal=name, action=action, resource=resource, allowed=allowed
        )
        return "" if allowed else f"{role} is not allowed {action} on {resource}"

    def lets_in(self, policy: dict[str, Any], caller: str, bus: str, event: dict[str, Any]) -> bool:
        """Tell whether a bus's policy lets a caller of another account put this event on it; a role is its session."""
        _, _, _, _, account, resource = caller.split(":", 5)
        kind, _, name = resource.partition("/")
        session = f"arn:aws:sts::{account}:assumed-role/{name.rpartition('/')[2]}/events" if kind == "role" else caller
        context = {"events:source": event.get("Source", ""), "events:detail-type": event.get("DetailType", "")}
        asked = self._context(session, "events:PutEvents", bus, context)
        decision: str = self.evaluator.evaluate_resource_policy(policy, asked).decision
        return decision == "Allow"

    def _context(self, principal: str, action: str, resource: str, context: dict[str, str]) -> Any:
        return self.evaluator.EvalContext(
            principal_arn=principal,
            principal_type="AssumedRole",
            principal_account=principal.split(":")[4],
            action=action,
            resource_arn=resource,
            region=self.responses.get_region(),
            secure_transport=True,
            service_context=context,
        )

    def distrust(self, role: str, by: Service) -> str:
        """Tell why a service does not get a role of this account; nothing if it does."""
        account = self.responses.get_account_id()
        roles = self.iam._roles  # noqa: SLF001 -- there is no public way
        record = roles.get_scoped(account, None, role.rpartition("/")[2]) if f":{account}:" in role else None
        if record is None:
            return f"there is no role {role or '(none given)'} in account {account}"
        asked = self.evaluator.EvalContext(
            principal_arn="*",
            principal_type="Service",
            principal_account="",
            action="sts:AssumeRole",
            resource_arn="*",
            region=self.responses.get_region(),
            secure_transport=True,
            service_context={"aws:sourcearn": by.source, "aws:sourceaccount": account},
        )
        # A trust policy names no resource.
        policy = {"Statement": [{**each, "Resource": "*"} for each in _statements(record["AssumeRolePolicyDocument"])]}
        decision = self.evaluator.evaluate_resource_policy(policy, asked, service=by.name).decision
        return "" if decision == "Allow" else f"{role} does not trust {by.name} for {by.source}"


def _statements(document: Any) -> list[dict[str, Any]]:
    parsed = json.loads(document) if isinstance(document, str) else document
    found = parsed.get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)
