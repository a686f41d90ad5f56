"""The answer to CloudFormation: one PUT to the URL of the request, which must be CloudFormation's own S3."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from cloudmap_mcs.errors import McsError, PermanentError, RetryableError
from lambdas.customresource.request import Ticket

BODY_LIMIT: Final = 4_096
"""Bytes of an answer (User Guide, "Custom resource response objects")."""

_DATA_LIMITS: Final = (2_000, 1_000, 500, 200, 50)
"""Characters of each value of a success: the first at which the answer fits."""
_ATTEMPTS: Final = 3
_FIRST_PAUSE: Final = 0.25
_TIMEOUT: Final = urllib3.Timeout(connect=1.0, read=2.0)
_RETRIED: Final = frozenset({408, 429})
_SERVER_ERROR: Final = 500
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request. `reason` may have several lines; what does not fit of it is cut at the end."""

    is_success: bool
    physical_id: str
    reason: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the function runs: `endpoint` is the S3 that its SDK was told to use, if it was told."""

    region: str
    dns_suffix: str
    endpoint: str | None = None

    def check(self, url: str) -> None:
        """Raise PermanentError unless an answer may go to this URL: a wrong one would hand it to somebody else.

        On AWS the bucket is `cloudformation-custom-resource-response-` and the Region without its hyphens (User Guide,
        "VPC endpoint considerations"), in the function's own Region, as the stack is; S3 has three spellings of it.
        """
        parts = urlsplit(url)
        if "@" in parts.netloc or (parts.scheme, parts.hostname, _port(url)) not in self._allowed:
            raise PermanentError(f"ResponseURL: {parts.scheme}://{parts.hostname} is not where CloudFormation listens")

    @property
    def _allowed(self) -> set[tuple[str, str | None, int | None]]:
        if self.endpoint:
            own = urlsplit(self.endpoint)
            return {(own.scheme, own.hostname, _port(self.endpoint))}
        bucket = f"cloudformation-custom-resource-response-{self.region.replace('-', '')}"
        places = (f"s3.{self.region}", f"s3-{self.region}", "s3")
        return {("https", f"{bucket}.{place}.{self.dns_suffix}", _PORTS["https"]) for place in places}


def _port(url: str) -> int | None:
    parts = urlsplit(url)
    try:
        return parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None


def body(ticket: Ticket, answer: Answer, *, log: str) -> bytes:
    """Write an answer within the limit; a reason that is too long loses its end. `log` says where all of it is."""
    fixed: dict[str, Any] = {
        "Status": "SUCCESS" if answer.is_success else "FAILED",
        "PhysicalResourceId": answer.physical_id,
        "StackId": ticket.stack_id,
        "RequestId": ticket.request_id,
        "LogicalResourceId": ticket.logical_id,
    }
    for more in _shorter_data(answer) if answer.is_success else _shorter_reasons(answer, log):
        written = json.dumps({**fixed, **more}, ensure_ascii=False).encode()
        if len(written) <= BODY_LIMIT:
            return written
    raise PermanentError("no answer fits: the request's own ids are too long")


def _shorter_data(answer: Answer) -> Iterator[dict[str, Any]]:
    for limit in _DATA_LIMITS:
        yield {"Data": {name: shortened(value, limit) for name, value in answer.data.items()}}


def _shorter_reasons(answer: Answer, log: str) -> Iterator[dict[str, Any]]:
    for reason in _shorter_and_shorter(answer.reason):
        yield {"Reason": f"{reason}\n(see {log})"}


def _shorter_and_shorter(reason: str) -> Iterator[str]:
    """Give the whole, then without its last lines, then pieces of the first."""
    yield reason
    lines = reason[: 2 * BODY_LIMIT].splitlines()
    for kept in range(len(lines) - 1, 0, -1):
        yield "\n".join([*lines[:kept], "… and more"])
    for limit in range(min(len(reason), BODY_LIMIT), -1, -50):
        yield shortened(reason, limit)


def shortened(text: str, limit: int) -> str:
    """Cut a text to so many characters; whoever reads it sees that it was cut."""
    return text if len(text) <= limit else f"{text[: max(0, limit - 1)]}…"


class Mailbox:
    """Sends answers. `sleep` waits for seconds between attempts; all attempts together take 10 s at most."""

    def __init__(self, http: urllib3.PoolManager, sleep: Callable[[float], None]) -> None:
        self._http = http
        self._sleep = sleep

    def send(self, url: str, content: bytes) -> None:
        """PUT an answer, several times if need be; McsError without a word of the URL's query if it is not taken."""
        pause = _FIRST_PAUSE
        for attempt in range(1, _ATTEMPTS + 1):
            error = self._put(url, content)
            if error is None:
                return
            if attempt == _ATTEMPTS or not isinstance(error, RetryableError):
                raise error
            self._sleep(pause)
            pause *= 2

    def _put(self, url: str, content: bytes) -> McsError | None:
        host = urlsplit(url).hostname
        try:
            # The URL is signed for no content type; a redirect would take the answer elsewhere.
            answer = self._http.request(
                "PUT", url, body=content, headers={"Content-Type": ""}, retries=False, redirect=False, timeout=_TIMEOUT
            )
        except HTTPError as error:
            return RetryableError(f"answering CloudFormation at {host}: {type(error).__name__}")
        if answer.status in _RETRIED or answer.status >= _SERVER_ERROR:
            return RetryableError(f"answering CloudFormation at {host}: {answer.status}")
        is_taken = 200 <= answer.status < 300  # noqa: PLR2004 - the class of success, as HTTP numbers it
        return None if is_taken else PermanentError(f"answering CloudFormation at {host}: {answer.status}")
