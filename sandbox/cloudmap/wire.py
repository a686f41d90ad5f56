"""AWS JSON 1.1 over HTTP: from headers and body to a call, from an answer to bytes."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.cloudmap.errors import ApiError
from sandbox.cloudmap.model import Caller
from sandbox.cloudmap.requests import REQUESTS

CONTENT_TYPE = "application/x-amz-json-1.1"
TARGET_PREFIX = "Route53AutoNaming_v20170314."
CLOUDFORMATION = "cloudformation.amazonaws.com"

_CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 .*?Credential=([^/,\s]+)/\d{8}/([^/,\s]+)/([^/,\s]+)/aws4_request")


@dataclass(frozen=True, slots=True)
class Signed:
    """An HTTP request as its client signed it."""

    method: str
    path: str
    headers: Sequence[tuple[str, str]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """One call as it came: who signed it with which key, what it asks, and the client's own description of itself.

    `principal` is the caller's ARN, empty where nobody was asked.
    """

    operation: str
    params: Any
    caller: Caller
    access_key: str
    user_agent: str
    signed: Signed
    principal: str = ""

    @property
    def is_from_cloudformation(self) -> bool:
        """Tell a call that the local AWS makes itself, for a stack; it acts for the deployer, who may do everything."""
        return self.user_agent == CLOUDFORMATION


def read_request(signed: Signed, default_account: str) -> Request:
    """Read a request; ApiError for another protocol, an unknown target or a missing credential.

    The signature is not checked: nobody told the simulator the secrets. A 12-digit access key is its own account.
    """
    headers, body = dict(signed.headers), signed.body
    operation = _operation(headers)
    match = _CREDENTIAL.match(headers.get("authorization", ""))
    if match is None:
        raise ApiError("MissingAuthenticationTokenException", "No SigV4 Authorization header.")
    access_key, region, service = match.groups()
    if service != "servicediscovery":
        raise ApiError("SignatureDoesNotMatch", f"Credential should be scoped to servicediscovery, not {service}.")
    try:
        params = json.loads(body) if body else {}
    except ValueError as error:
        raise ApiError("SerializationException", f"The body is not JSON: {error}.") from error
    account = access_key if re.fullmatch(r"\d{12}", access_key) else default_account
    return Request(operation, params, Caller(account, region), access_key, headers.get("user-agent", ""), signed)


def _operation(headers: Mapping[str, str]) -> str:
    kind = headers.get("content-type", "").partition(";")[0].strip()
    target = headers.get("x-amz-target", "")
    if kind != CONTENT_TYPE or "smithy-protocol" in headers:
        protocol = headers.get("smithy-protocol", kind)
        raise ApiError("UnknownOperationException", f"This simulator speaks {CONTENT_TYPE} only, not {protocol!r}.")
    operation = target.removeprefix(TARGET_PREFIX)
    if operation == target or operation not in REQUESTS:
        raise ApiError("UnknownOperationException", f"Unknown X-Amz-Target {target!r}.")
    return operation


def to_json(answer: Mapping[str, Any]) -> bytes:
    return json.dumps(answer, separators=(",", ":"), default=dict).encode()
