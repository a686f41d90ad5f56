"""What an API server's refusals and a broken connection mean in our words: the one table of this adapter."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cloudmap_mcs.errors import (
    AddressTakenError,
    HeldFieldsError,
    InvalidError,
    McsError,
    PermanentError,
    RetryableError,
    StaleError,
)

_MESSAGE_LIMIT: Final = 600


class GoneError(StaleError):
    """The resource version or the continue token is too old for the server: list again."""

    reason = "Gone"


class RefusedFieldsError(InvalidError):
    """A 422 that says which fields it is about."""

    def __init__(self, message: str, *, fields: tuple[str, ...], families: bool) -> None:
        super().__init__(message, families=families)
        self.fields = fields


class TokenRefusedError(PermanentError):
    """401: the API server does not know the bearer. Worth one more try with a new token."""

    reason = "Unauthorized"


class ForbiddenError(PermanentError):
    """403: the API server knows the bearer and does not let it do this; an access entry's policy may be seconds old."""

    reason = "Forbidden"


class NotFoundError(StaleError):
    """404 for one object: it is not there (any more)."""

    reason = "NotFound"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer outside 2xx. `action` is the verb and path; `body` what the server says, parsed if it was JSON."""

    status: int
    action: str
    body: Mapping[str, Any]
    retry_after: float | None = None

    @property
    def text(self) -> str:
        said = str(self.body.get("message", ""))[:_MESSAGE_LIMIT]
        return f"{self.action}: {self.status} {said}".rstrip()

    @property
    def details(self) -> Mapping[str, Any]:
        return self.body.get("details") or {}

    @property
    def causes(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(self.details.get("causes") or ())


def refusal(status: int, action: str, data: bytes, retry_after: str | None) -> Refusal:
    """Read an answer outside 2xx; a body that is no Status object is kept as its message."""
    try:
        body = json.loads(data)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        body = {"message": data[:_MESSAGE_LIMIT].decode(errors="replace").strip()}
    return Refusal(status, action, body, _seconds(retry_after))


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isdigit() else None


def _forbidden(answer: Refusal) -> McsError:
    if any(cause.get("reason") == "NamespaceTerminating" for cause in answer.causes):
        return StaleError(answer.text)
    return ForbiddenError(answer.text)


def _not_found(answer: Refusal) -> McsError:
    """Tell a missing object from a missing API: nothing may be concluded from the absence of a whole API."""
    if answer.details.get("name"):
        return NotFoundError(answer.text)
    return RetryableError(f"{answer.text}; the API server does not serve this resource (is its CRD installed?)")


def _invalid(answer: Refusal) -> McsError:
    fields = tuple(str(cause.get("field", "")) for cause in answer.causes)
    is_create = answer.action.startswith("POST ")
    if is_create and fields and all(field.startswith("spec.clusterIP") for field in fields):
        return AddressTakenError(answer.text)
    # Changing the primary family is refused at the address, with a message that names the families.
    told = "".join(f"{cause.get('field')} {cause.get('message')}" for cause in answer.causes)
    return RefusedFieldsError(answer.text, fields=fields, families="ipFamil" in told)


def _conflict(answer: Refusal) -> McsError:
    """Tell the two conflicts apart: an object that changed meanwhile, and fields that another manager holds."""
    if any(cause.get("reason") == "FieldManagerConflict" for cause in answer.causes):
        return HeldFieldsError(answer.text)
    return StaleError(answer.text)


_BY_STATUS: Final[Mapping[int, Callable[[Refusal], McsError]]] = {
    401: lambda answer: TokenRefusedError(answer.text),
    403: _forbidden,
    404: _not_found,
    408: lambda answer: RetryableError(answer.text, retry_after=answer.retry_after),
    409: _conflict,
    410: lambda answer: GoneError(answer.text),
    422: _invalid,
    429: lambda answer: RetryableError(answer.text, retry_after=answer.retry_after),
}


def translate(answer: Refusal) -> McsError:
    """Turn a refusal into the error that says what to do about it."""
    by_status = _BY_STATUS.get(answer.status)
    if by_status is not None:
        return by_status(answer)
    if answer.status >= 500:  # noqa: PLR2004 - the class of server errors, as HTTP numbers them
        return RetryableError(answer.text, retry_after=answer.retry_after)
    return PermanentError(answer.text)
