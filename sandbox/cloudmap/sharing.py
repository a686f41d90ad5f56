"""Which namespaces their owners share with which accounts, as AWS RAM's resource shares say.

https://docs.aws.amazon.com/cloud-map/latest/dg/sharing-namespaces.html. A share counts as accepted from its start, as
it does between the accounts of one organization.
"""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from sandbox.cloudmap.settings import Account, SettingsError

_NAMESPACE = r"^arn:aws[a-z-]*:servicediscovery:[a-z0-9-]+:\d{12}:namespace/ns-[a-z0-9]+$"
NamespaceArn = Annotated[str, Field(pattern=_NAMESPACE)]


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Share:
    """A resource share: each of these namespaces with each of these accounts."""

    name: Annotated[str, Field(min_length=1)]
    namespaces: tuple[NamespaceArn, ...]
    accounts: tuple[Account, ...]


_SHARE: TypeAdapter[Share] = TypeAdapter(Share)


def read_share(value: Any) -> Share:
    """Read a share from JSON values; SettingsError names every bad field."""
    try:
        return _SHARE.validate_python(value)
    except ValidationError as error:
        raise SettingsError(
            tuple(f"{'.'.join(str(part) for part in e['loc']) or 'share'}: {e['msg']}" for e in error.errors())
        ) from error


def is_shared(shares: Iterable[Share], namespace: str, account: str) -> bool:
    """Tell whether the namespace with this ARN is shared with the account."""
    return any(namespace in share.namespaces and account in share.accounts for share in shares)
