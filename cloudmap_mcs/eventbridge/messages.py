"""Codec of everything that can reach an importer: our events, CloudTrail's, delayed messages, invoke payloads.

Pure. What is not understood raises UnknownMessageError with the field that is wrong and what is allowed.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cloudmap_mcs.domain.model import ClusterId, ServiceKey, cluster_id
from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.ports import Appeared, Change, News

SOURCE: Final = "cloudmap-mcs"
CHANGED: Final = "ServiceExport Changed"
APPEARED: Final = "Namespace Appeared"
SCHEMA: Final = 1
CLOUDTRAIL_SOURCE: Final = "aws.servicediscovery"
LONGEST_NAME: Final = 63
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.ASCII)
_RETRY: Final = "cloudmap-mcs/look-again"


class UnknownMessageError(PermanentError):
    """A message that no version of ours would send: it belongs in the dead-letter queue."""

    reason = "UnknownMessage"


@dataclass(frozen=True, slots=True)
class Hint:
    """An event of a watcher: a key changed in a cluster."""

    clusterset: str
    change: Change


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event of a watcher: a namespace appeared in a cluster."""

    clusterset: str
    appeared: Appeared


@dataclass(frozen=True, slots=True)
class ForeignCall:
    """CloudTrail's record of somebody else's mutating Cloud Map call; `service` is an id or an ARN."""

    service: str


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Our own delayed message: look at a key again. `attempt` counts those sent for a stale answer."""

    key: ServiceKey
    wanted: tuple[tuple[ClusterId, int], ...] = ()
    attempt: int = 0

    def __str__(self) -> str:
        return str(self.key)


@dataclass(frozen=True, slots=True)
class LookAround:
    """Our own delayed message: look at every key of a namespace again. `attempt` counts them."""

    namespace: str
    attempt: int = 0

    def __str__(self) -> str:
        return f"namespace {self.namespace}"


Delayed = LookAgain | LookAround
Message = Hint | Arrival | ForeignCall | Delayed


def detail_type(news: News) -> str:
    """Name the kind of event that tells of it."""
    return CHANGED if isinstance(news, Change) else APPEARED


def event_detail(clusterset: str, news: News, *, time: str) -> str:
    """Write the detail of an event."""
    if isinstance(news, Change):
        about = {"namespace": news.key.namespace, "service": news.key.name, "generation": news.generation}
    else:
        about = {"namespace": news.namespace}
    return json.dumps({"schema": SCHEMA, "clusterset": clusterset, "cluster": news.cluster, **about, "time": time})


def delayed(message: Delayed) -> str:
    """Write a delayed message's body."""
    if isinstance(message, LookAround):
        return json.dumps({_RETRY: {"namespace": message.namespace, "attempt": message.attempt}})
    key = {"namespace": message.key.namespace, "service": message.key.name}
    return json.dumps({_RETRY: {**key, "wanted": dict(message.wanted), "attempt": message.attempt}})


def parse(body: str) -> Message:
    """Read a queue message's body."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnknownMessageError("the message is not JSON") from error
    content = _mapping(document, "message")
    if _RETRY in content:
        return _look_again(_mapping(content[_RETRY], _RETRY))
    source, kind = content.get("source"), content.get("detail-type")
    detail = _mapping(content.get("detail"), "detail")
    if source == SOURCE and kind in {CHANGED, APPEARED}:
        return _announced(detail, is_namespace=kind == APPEARED)
    if source == CLOUDTRAIL_SOURCE:
        parameters = _mapping(detail.get("requestParameters"), "detail.requestParameters")
        return ForeignCall(_text(parameters, "serviceId", longest=512))
    raise UnknownMessageError(f"source {source!r}: must be {SOURCE!r} ({CHANGED}, {APPEARED}) or {CLOUDTRAIL_SOURCE!r}")


def _announced(detail: Mapping[str, Any], *, is_namespace: bool) -> Hint | Arrival:
    schema = detail.get("schema")
    if not isinstance(schema, int) or schema < SCHEMA:
        raise UnknownMessageError(f"detail.schema {schema!r}: must be a number from {SCHEMA} on")
    clusterset, cluster = _text(detail, "clusterset"), _cluster(detail.get("cluster"))
    if is_namespace:
        return Arrival(clusterset, Appeared(namespace_of(detail), cluster))
    return Hint(clusterset, Change(key_of(detail), cluster, _number(detail.get("generation"), "generation")))


def _look_again(content: Mapping[str, Any]) -> Delayed:
    attempt = _number(content.get("attempt", 0), "attempt")
    if "service" not in content:
        return LookAround(namespace_of(content), attempt)
    wanted = _mapping(content.get("wanted", {}), "wanted")
    pairs = sorted((_cluster(source), _number(generation, "wanted")) for source, generation in wanted.items())
    return LookAgain(key_of(content), tuple(pairs), attempt)


def key_of(content: Mapping[str, Any]) -> ServiceKey:
    """Read `namespace` and `service`, each one DNS label of at most 63 characters."""
    return ServiceKey(namespace_of(content), _label(content, "service"))


def namespace_of(content: Mapping[str, Any]) -> str:
    """Read `namespace`, one DNS label of at most 63 characters."""
    return _label(content, "namespace")


def _label(content: Mapping[str, Any], field: str) -> str:
    name = _text(content, field)
    if not _NAME.fullmatch(name):
        raise UnknownMessageError(
            f"{field} {name!r}: must be one DNS label (lower-case letters, digits, inner hyphens)"
        )
    return name


def _mapping(value: object, field: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UnknownMessageError(f"{field}: must be a JSON object")
    return value


def _text(content: Mapping[str, Any], field: str, *, longest: int = LONGEST_NAME) -> str:
    value = content.get(field)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise UnknownMessageError(f"{field} {str(value)[:80]!r}: must be a text of 1 to {longest} characters")
    return value


def _number(value: object, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UnknownMessageError(f"{field} {str(value)[:80]!r}: must be a whole number from 0 on")
    return value


def _cluster(value: object) -> ClusterId:
    try:
        return cluster_id(value if isinstance(value, str) else "")
    except PermanentError as error:
        raise UnknownMessageError(f"cluster: {error}") from error
