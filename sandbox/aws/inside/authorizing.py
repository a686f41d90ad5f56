"""`POST /_sandbox/authorize`: a service beside ministack asks about a signed request, whose it is and what it may.

The body has `region`, `method`, `path`, `headers` and `body` (base64) of the request as its client signed it, and
`checks`: each with an `action`, a `resource` and a `context` of condition keys. The answer has `allowed`; then
`account` and `principal` (an ARN), or else `code` and `message` for the client.
"""

from __future__ import annotations

import base64
import contextvars
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

PATH = "/_sandbox/authorize"


@dataclass(frozen=True, slots=True)
class Authorizing:
    """Answers with ministack's own evaluator: signatures, sessions, identity policies."""

    app: ModuleType
    actions: ModuleType
    evaluator: ModuleType
    responses: ModuleType
    service: str = "servicediscovery"

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        # ministack keeps account, Region and request in context variables; they must not outlive the question.
        answer: dict[str, Any] = contextvars.copy_context().run(self._answer, question)
        return answer

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        headers = dict(question["headers"])
        key = self.app.extract_access_key_id(headers, {})
        try:
            self.responses.set_request_account_id(self.app._request_account_scope(key))  # noqa: SLF001 -- no public way
        except self.evaluator.AmbiguousAccessKeyError:
            return _refused("UnrecognizedClientException", "The access key belongs to several accounts.")
        self.responses.set_request_region(question["region"])
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in question["headers"]]
        self.evaluator.pin_signed_request(question["method"], question["path"], {}, raw)
        self.evaluator.pin_signed_body(base64.b64decode(question["body"]))
        for check in question["checks"]:
            denied = self._denial(key, question["region"], check)
            if denied is not None:
                return denied
        return self._identity(key)

    def _denial(self, key: str, region: str, check: dict[str, Any]) -> dict[str, Any] | None:
        action, resource = check["action"], check["resource"]
        denied = self.evaluator.enforce(
            key, action, self.service, region, resource_arn=resource, service_context=check["context"]
        )
        if denied is None:
            return None
        if isinstance(denied, self.evaluator.AuthError):
            return _refused(denied.code, denied.message)
        is_explicit = denied.decision == "Deny"
        message = self.actions.identity_denial_message(action, denied.principal_arn, resource, is_explicit)
        return _refused("AccessDeniedException", message)

    def _identity(self, key: str) -> dict[str, Any]:
        failure = self.evaluator.check_credentials(key, self.service)
        if failure is not None:
            return _refused(failure.code, failure.message)
        principal = self.evaluator.resolve_principal(key, self.responses.get_account_id())
        return {"allowed": True, "account": principal.account, "principal": principal.arn}


def _refused(code: str, message: str) -> dict[str, Any]:
    return {"allowed": False, "code": code, "message": message}
