"""Who calls, and whether they may: asked of the AWS that gave out the credentials, which alone knows their policies.

The question goes to `POST <authority>/_sandbox/authorize` with the call as it was signed, so that its signature can be
checked, and the permissions it needs. The answer says whose the key is, or what is to be answered instead.
"""

import asyncio
import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import urllib3

from sandbox.cloudmap.errors import STATUS, ApiError
from sandbox.cloudmap.model import Caller
from sandbox.cloudmap.permissions import Check
from sandbox.cloudmap.registry import Registry
from sandbox.cloudmap.wire import Request

PATH = "/_sandbox/authorize"
_TIMEOUT = urllib3.Timeout(connect=2.0, read=10.0)
_CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose an access key is: an account, and a principal by its ARN."""

    account: str
    principal: str


class Authority:
    """Asks the AWS at `endpoint`; remembers whose a key is, but neither signatures nor permissions."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._pool = urllib3.PoolManager(maxsize=_CONNECTIONS, retries=False, timeout=_TIMEOUT)
        self._known: dict[str, Identity] = {}

    async def admit(self, request: Request, registry: Registry, now: float) -> Request:
        """Return the request with its true caller if it is allowed, or raise what is answered instead: ApiError."""
        identity = self._known.get(request.access_key)
        if identity is None:
            identity = self._known[request.access_key] = await self._ask(request, ())
        known = replace(request, caller=Caller(identity.account, request.caller.region), principal=identity.principal)
        checks = registry.checks(request.operation, request.params, known.caller, now)
        await self._ask(known, checks)
        return known

    async def _ask(self, request: Request, checks: Sequence[Check]) -> Identity:
        question = {
            "region": request.caller.region,
            "method": request.signed.method,
            "path": request.signed.path,
            "headers": request.signed.headers,
            "body": base64.b64encode(request.signed.body).decode(),
            "checks": [{**asdict(check), "context": dict(check.context)} for check in checks],
        }
        answer = await asyncio.to_thread(self._post, json.dumps(question).encode())
        if answer["allowed"]:
            return Identity(answer["account"], answer["principal"])
        code = answer["code"] if answer["code"] in STATUS else "UnrecognizedClientException"
        raise ApiError(code, answer["message"])

    def _post(self, question: bytes) -> Any:
        url = f"{self.endpoint}{PATH}"
        try:
            answer = self._pool.request("POST", url, body=question, headers={"Content-Type": "application/json"})
        except urllib3.exceptions.HTTPError as error:
            raise ApiError("ServiceUnavailable", f"{url} does not answer: {error}") from error
        if answer.status != 200:  # noqa: PLR2004 -- HTTP
            raise ApiError("ServiceUnavailable", f"{url} answered {answer.status}.")
        return answer.json()
