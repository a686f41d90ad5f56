"""Another role's credentials, for clusters in accounts that the function's own role does not reach."""

from dataclasses import dataclass
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)

from cloudmap_mcs.errors import RetryableError

_METHOD: Final = "assume-role"
_CONFIG: Final = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=2, read_timeout=5)


@dataclass(frozen=True, slots=True)
class AssumedRole:
    """A role by its ARN, and the external id without which its trust policy lets nobody in."""

    arn: str
    external_id: str


class _Provider(CredentialProvider):  # type: ignore[misc]  # botocore is untyped
    METHOD = _METHOD

    def __init__(self, credentials: DeferredRefreshableCredentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> DeferredRefreshableCredentials:
        return self._credentials


def assuming(role: AssumedRole, component: str, own: Any) -> Any:
    """Return a botocore session whose credentials are the role's, assumed when first needed and again before they end.

    `own` is the session whose credentials assume it; `component` names the role's session in audit logs.
    RetryableError if there are none yet; whoever uses the role's gets botocore's errors if STS refuses.
    """
    source = own.get_credentials()
    if source is None:
        raise RetryableError(f"role {role.arn}: no AWS credentials are available (yet) to assume it")

    def client(service: str, **credentials: Any) -> Any:
        return own.create_client(service, config=_CONFIG, **credentials)

    fetcher = AssumeRoleCredentialFetcher(
        client,
        source,
        role.arn,
        extra_args={"ExternalId": role.external_id, "RoleSessionName": f"cloudmap-mcs-{component}"},
    )
    session = botocore.session.Session()
    credentials = DeferredRefreshableCredentials(fetcher.fetch_credentials, _METHOD)
    session.register_component("credential_provider", CredentialResolver([_Provider(credentials)]))
    return session
