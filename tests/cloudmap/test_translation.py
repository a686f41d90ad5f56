from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from cloudmap_mcs.cloudmap.translation import (
    DeniedError,
    InFlightError,
    InstanceGoneError,
    NamespaceGoneError,
    OperationGoneError,
    ServiceExistsError,
    ServiceGoneError,
    ThrottledError,
    failed_operation,
    translate,
)
from cloudmap_mcs.errors import BusyError, InvalidError, McsError, PermanentError, RetryableError, UnreachableError


def refusal(code: str, status: int = 400, **more: Any) -> ClientError:
    response = {"Error": {"Code": code, "Message": "why"}, "ResponseMetadata": {"HTTPStatusCode": status}, **more}
    return ClientError(response, "RegisterInstance")  # type: ignore[arg-type,unused-ignore]


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ThrottlingException", 400, ThrottledError),
        ("RequestLimitExceeded", 429, ThrottledError),
        ("DuplicateRequest", 409, InFlightError),
        ("ResourceInUse", 409, BusyError),
        ("ServiceNotFound", 404, ServiceGoneError),
        ("InstanceNotFound", 404, InstanceGoneError),
        ("OperationNotFound", 404, OperationGoneError),
        ("ServiceAlreadyExists", 400, ServiceExistsError),
        ("InvalidInput", 400, InvalidError),
        ("AccessDeniedException", 400, DeniedError),
        ("NamespaceNotFound", 404, NamespaceGoneError),
        ("ResourceLimitExceeded", 400, PermanentError),
        ("UnrecognizedClientException", 400, PermanentError),
        ("ExpiredTokenException", 400, RetryableError),
        ("InternalFailure", 500, RetryableError),
        ("SomethingNew", 503, RetryableError),
        ("SomethingNew", 400, PermanentError),
    ],
)
def test_refusals_by_code(code: str, status: int, kind: type[McsError]) -> None:
    error = translate(refusal(code, status), "RegisterInstance of a in srv-1")

    assert type(error) is kind
    assert str(error) == f"RegisterInstance of a in srv-1: {code}: why"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EndpointConnectionError(endpoint_url="https://x"), UnreachableError),
        (ConnectTimeoutError(endpoint_url="https://x"), UnreachableError),
        (ReadTimeoutError(endpoint_url="https://x"), UnreachableError),
        (ConnectionClosedError(endpoint_url="https://x"), UnreachableError),
        (ResponseParserError("<html>"), UnreachableError),
        (CredentialRetrievalError(provider="container-role", error_msg="x"), RetryableError),
        (NoCredentialsError(), PermanentError),
        (ParamValidationError(report="x"), PermanentError),
    ],
)
def test_failures_without_an_answer(error: BotoCoreError, kind: type[McsError]) -> None:
    translated = translate(error, "DiscoverInstances of web.shop")

    assert type(translated) is kind
    assert str(translated) == f"DiscoverInstances of web.shop: {type(error).__name__}"


def test_what_an_answer_names_is_kept() -> None:
    exists = translate(refusal("ServiceAlreadyExists", ServiceId="srv-9"), "x")
    in_flight = translate(refusal("DuplicateRequest", DuplicateOperationId="op-9"), "x")
    throttled = translate(refusal("ThrottlingException"), "x")

    assert isinstance(exists, ServiceExistsError)
    assert isinstance(in_flight, InFlightError)
    assert isinstance(throttled, ThrottledError)
    assert (exists.service_id, in_flight.operation, throttled.retry_after) == ("srv-9", "op-9", 1.0)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("THROTTLED_REQUEST", ThrottledError),
        ("INTERNAL_FAILURE", RetryableError),
        ("EXPIRED_TOKEN", RetryableError),
        ("ACCESS_DENIED", PermanentError),
        ("", PermanentError),
    ],
)
def test_failed_operations_by_code(code: str, kind: type[McsError]) -> None:
    assert type(failed_operation({"ErrorCode": code, "ErrorMessage": "why"}, "x")) is kind
