"""Mutating calls as CloudTrail reports them to the default bus, some time later, perhaps twice, perhaps never."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sandbox.cloudmap.errors import ApiError
from sandbox.cloudmap.settings import Trail
from sandbox.cloudmap.wire import Request

_READS = ("Get", "List", "Discover")
_MAPS = frozenset({"attributes"})
"""Members that are maps: their keys are the caller's own and keep their case."""


@dataclass(frozen=True, slots=True)
class Report:
    """One PutEvents entry and how many seconds from now it is sent."""

    delay: float
    entry: Mapping[str, Any]


def reports_of(
    request: Request, answer: Mapping[str, Any] | ApiError, trail: Trail, *, now: float, rng: random.Random
) -> Iterator[Report]:
    """Yield what is to be sent about one call: nothing for reads and losses, the same event twice for a duplicate."""
    if request.operation.startswith(_READS) or rng.random() < trail.loss:
        return
    entry = {
        "Source": "aws.servicediscovery",
        "DetailType": "AWS API Call via CloudTrail",
        "Time": now,
        "Detail": json.dumps(_detail(request, answer, trail, now=now, rng=rng)),
    }
    for _ in range(2 if rng.random() < trail.duplicates else 1):
        yield Report(trail.delay.fixed + rng.uniform(0, trail.delay.jitter), entry)


def _detail(
    request: Request, answer: Mapping[str, Any] | ApiError, trail: Trail, *, now: float, rng: random.Random
) -> dict[str, Any]:
    detail = {
        "eventVersion": "1.11",
        "userIdentity": _identity(request, trail.identities.get(request.access_key) or request.principal),
        "eventTime": datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": "servicediscovery.amazonaws.com",
        "eventName": request.operation,
        "awsRegion": request.caller.region,
        "sourceIPAddress": "127.0.0.1",
        "userAgent": request.user_agent,
        "requestParameters": _lowered(request.params),
        "responseElements": None if isinstance(answer, ApiError) else _lowered(answer) or None,
        "requestID": str(UUID(int=rng.getrandbits(128), version=4)),
        "eventID": str(UUID(int=rng.getrandbits(128), version=4)),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": request.caller.account,
        "eventCategory": "Management",
    }
    return detail | ({"errorCode": answer.code, "errorMessage": answer.message} if isinstance(answer, ApiError) else {})


def _identity(request: Request, role_session: str) -> dict[str, Any]:
    account, key = request.caller.account, request.access_key
    known = {"accountId": account, "accessKeyId": key}
    if ":assumed-role/" not in role_session:
        user = {"type": "IAMUser", "principalId": key, "arn": f"arn:aws:iam::{account}:user/{key}", "userName": key}
        return user | known
    role = role_session.partition("assumed-role/")[2].partition("/")[0]
    issuer = {"type": "Role", "arn": f"arn:aws:iam::{account}:role/{role}", "accountId": account, "userName": role}
    assumed = {"type": "AssumedRole", "principalId": key, "arn": role_session}
    return assumed | known | {"sessionContext": {"sessionIssuer": issuer}}


def _lowered(value: Any) -> Any:
    if isinstance(value, list):
        return [_lowered(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    named = ((name[:1].lower() + name[1:], entry) for name, entry in value.items())
    return {name: entry if name in _MAPS else _lowered(entry) for name, entry in named}
