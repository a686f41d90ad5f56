"""Every error of the SDK as one of ours: one function, one table."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
)
from botocore.exceptions import (
    ConnectionError as SdkConnectionError,
)
from botocore.parsers import ResponseParserError

from cloudmap_mcs.errors import (
    BusyError,
    InvalidError,
    McsError,
    PermanentError,
    RetryableError,
    StaleError,
    UnreachableError,
)

_THROTTLE_SECONDS: Final = 1.0
_SERVER_ERROR: Final = 500


class ThrottledError(RetryableError):
    """The account's rate is used up."""

    reason = "Throttled"


class InFlightError(BusyError):
    """An operation on the same instance is under way; `operation` is its id where the answer names it."""

    def __init__(self, message: str, *, operation: str | None = None) -> None:
        super().__init__(message)
        self.operation = operation


class NamespaceGoneError(PermanentError):
    """The clusterset's namespace does not exist (any more)."""


class DeniedError(PermanentError):
    """The caller may not do this, or the resource is (no longer) shared with its account."""


class ServiceGoneError(StaleError):
    """The Cloud Map service does not exist (any more)."""


class InstanceGoneError(StaleError):
    """The Cloud Map instance does not exist (any more)."""


class OperationGoneError(StaleError):
    """Cloud Map does not know the operation: it forgets old ones."""


class ServiceExistsError(PermanentError):
    """A service of this name exists; `service_id` is its id."""

    def __init__(self, message: str, *, service_id: str) -> None:
        super().__init__(message)
        self.service_id = service_id


_CODES: Final[Mapping[str, type[McsError]]] = {
    "RequestLimitExceeded": ThrottledError,
    "ThrottlingException": ThrottledError,
    "Throttling": ThrottledError,
    "ThrottledException": ThrottledError,
    "RequestThrottled": ThrottledError,
    "RequestThrottledException": ThrottledError,
    "TooManyRequestsException": ThrottledError,
    "DuplicateRequest": InFlightError,
    "ResourceInUse": BusyError,
    "AccessDenied": DeniedError,
    "AccessDeniedException": DeniedError,
    "NamespaceNotFound": NamespaceGoneError,
    "ServiceNotFound": ServiceGoneError,
    "InstanceNotFound": InstanceGoneError,
    "OperationNotFound": OperationGoneError,
    "ServiceAlreadyExists": ServiceExistsError,
    "InvalidInput": InvalidError,
    "ValidationException": InvalidError,
    "ExpiredToken": RetryableError,
    "ExpiredTokenException": RetryableError,
    "RequestExpired": RetryableError,
    "RequestTimeout": RetryableError,
    "RequestTimeoutException": RetryableError,
    "InternalServerError": RetryableError,
    "InternalFailure": RetryableError,
    "ServiceUnavailable": RetryableError,
    "ServiceUnavailableException": RetryableError,
}
"""Codes not listed: retryable if the status is 5xx, else permanent (quota, …)."""

_OPERATION_FAILURES: Final[Mapping[str, type[McsError]]] = {
    "THROTTLED_REQUEST": ThrottledError,
    "INTERNAL_FAILURE": RetryableError,
    "EXPIRED_TOKEN": RetryableError,
}
"""Error codes of an operation that ended in FAIL; others are permanent."""

SdkError: TypeAlias = ClientError | BotoCoreError | ResponseParserError

_SDK_ERRORS: Final[tuple[tuple[type[Exception], type[McsError]], ...]] = (
    (SdkConnectionError, UnreachableError),
    (HTTPClientError, UnreachableError),
    (ResponseParserError, UnreachableError),
    (CredentialRetrievalError, RetryableError),
)
"""Errors before there was an answer; others (no credentials, no Region, bad parameters) are permanent."""


def translate(error: SdkError, action: str) -> McsError:
    """Say in our words why `action` failed. The message has no payload."""
    if isinstance(error, ClientError):
        return _refusal(error.response, action)
    kind = next((ours for theirs, ours in _SDK_ERRORS if isinstance(error, theirs)), PermanentError)
    return kind(f"{action}: {type(error).__name__}")


def _refusal(response: Mapping[str, Any], action: str) -> McsError:
    code = str(response.get("Error", {}).get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    kind = _CODES.get(code, RetryableError if status >= _SERVER_ERROR else PermanentError)
    message = f"{action}: {code or status}: {response.get('Error', {}).get('Message', '')}"[:500]
    if kind is ServiceExistsError:
        return ServiceExistsError(message, service_id=str(response.get("ServiceId", "")))
    if kind is InFlightError:
        return InFlightError(message, operation=response.get("DuplicateOperationId"))
    if kind is ThrottledError:
        return ThrottledError(message, retry_after=_THROTTLE_SECONDS)
    return kind(message)


def failed_operation(operation: Mapping[str, Any], action: str) -> McsError:
    """Say in our words why an accepted operation ended in FAIL."""
    code = str(operation.get("ErrorCode", ""))
    kind = _OPERATION_FAILURES.get(code, PermanentError)
    return kind(f"{action}: the operation failed: {code}: {operation.get('ErrorMessage', '')}"[:500])
