"""The errors of the Cloud Map API, with the HTTP status each is sent with."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

STATUS: Mapping[str, int] = MappingProxyType(
    {
        "CustomHealthNotFound": 404,
        "DuplicateRequest": 409,
        "InstanceNotFound": 404,
        "InvalidInput": 400,
        "NamespaceAlreadyExists": 400,
        "NamespaceNotFound": 404,
        "OperationNotFound": 404,
        "RequestLimitExceeded": 429,
        "ResourceInUse": 409,
        "ResourceLimitExceeded": 400,
        "ResourceNotFoundException": 404,
        "ServiceAlreadyExists": 400,
        "ServiceAttributesLimitExceededException": 400,
        "ServiceNotFound": 404,
        "TooManyTagsException": 400,
        # Common errors of every AWS service, not part of this service's model.
        "AccessDeniedException": 400,
        "ExpiredTokenException": 403,
        "InternalFailure": 500,
        "MissingAuthenticationTokenException": 403,
        "SerializationException": 400,
        "ServiceUnavailable": 503,
        "SignatureDoesNotMatch": 403,
        "ThrottlingException": 400,
        "UnknownOperationException": 400,
        "UnrecognizedClientException": 400,
    }
)
"""Every code that can be answered or injected."""


class ApiError(Exception):
    """An answer that is not a success: `code` is a key of `STATUS`, `members` are the modelled extra fields."""

    def __init__(self, code: str, message: str, **members: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.members = members

    @property
    def status(self) -> int:
        return STATUS[self.code]

    def body(self) -> dict[str, Any]:
        """Return the error as AWS JSON 1.1 carries it."""
        return {"__type": self.code, "Message": self.message, **self.members}
