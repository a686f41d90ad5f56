"""The CloudFormation type of an AWS RAM resource share, of Cloud Map namespaces with accounts.

The accounts count as those of one organization that shares with itself: nobody has to accept an invitation.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
import uuid
from typing import TYPE_CHECKING, Any

from sandbox.aws.inside.resources import Made, Properties, Resource

if TYPE_CHECKING:
    from types import ModuleType

_SECONDS = 10.0


class ResourceShares(Resource):
    """Resource shares, told to the Cloud Map simulator at `url`."""

    def __init__(self, responses: ModuleType, url: str) -> None:
        self._responses = responses
        self._url = url

    def create(self, _logical_id: str, properties: Properties, _stack: str) -> Made:
        account, region = self._responses.get_account_id(), self._responses.get_region()
        return self.change(f"arn:aws:ram:{region}:{account}:resource-share/{uuid.uuid4()}", properties)

    def change(self, physical_id: str, properties: Properties) -> Made:
        account = physical_id.split(":")[4]
        resources, principals = properties.get("ResourceArns", []), properties.get("Principals", [])
        for arn in resources:
            if not arn.startswith(":".join(("arn:aws:servicediscovery", *physical_id.split(":")[3:5], "namespace/"))):
                raise ValueError(f"ResourceShare: {arn} is no Cloud Map namespace of this account and Region")
        for principal in principals:
            if not re.fullmatch(r"\d{12}", principal) or principal == account:
                raise ValueError(f"ResourceShare: the principal {principal} is not another account")
        self._ask("PUT", {"name": physical_id, "namespaces": resources, "accounts": principals})
        return physical_id, {"Arn": physical_id, "OwningAccountId": account, "Status": "ACTIVE"}

    def delete(self, physical_id: str, _properties: Properties) -> None:
        self._ask("DELETE", {"name": physical_id})

    def _ask(self, method: str, body: dict[str, Any]) -> None:
        url = f"{self._url}/_simulator/share"
        request = urllib.request.Request(url, json.dumps(body).encode(), method=method)  # noqa: S310 -- the sandbox's own server
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310 -- the same
                pass
        except urllib.error.HTTPError as error:
            raise ValueError(f"ResourceShare: Cloud Map refused it: {error.read().decode()}") from error
        except OSError as error:
            raise ValueError(f"ResourceShare: Cloud Map at {self._url} does not answer: {error}") from error
