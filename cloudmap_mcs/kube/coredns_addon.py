"""The DnsAddon port over the EKS API: the Corefile in the configuration of the managed add-on `coredns`."""

import json
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from cloudmap_mcs.errors import BusyError, McsError, PermanentError, RetryableError
from cloudmap_mcs.ports import Clock

UPDATE_SECONDS: Final = 300
"""How long an update of the add-on is waited for; it rolls two Pods at most."""

_POLL_SECONDS: Final = 5.0
_ADDON: Final = "coredns"
_KEY: Final = "corefile"
_BUSY: Final = frozenset({"ResourceInUseException"})
_PASSING: Final = frozenset(
    {"ThrottlingException", "TooManyRequestsException", "ServerException", "ServiceUnavailable"}
)


class CoreDnsAddon:
    """One cluster's add-on; `client` is a boto3 client `eks` of the cluster's Region."""

    def __init__(self, client: Any, cluster: str, clock: Clock) -> None:
        self._client = client
        self._cluster = cluster
        self._clock = clock

    def corefile(self) -> str | None:
        text = self._values().get(_KEY)
        return None if text is None else str(text)

    def write(self, corefile: str) -> None:
        """Set the Corefile and keep what else is set, also what was changed in the cluster by hand (`PRESERVE`).

        BusyError while another update runs; PermanentError with EKS's own words if it refuses or fails.
        """
        values = json.dumps({**self._values(), _KEY: corefile})
        answer = self._call("update_addon", configurationValues=values, resolveConflicts="PRESERVE")
        self._await(answer["update"])

    def _values(self) -> dict[str, Any]:
        text = self._call("describe_addon")["addon"].get("configurationValues") or "{}"
        try:
            values = json.loads(text)
        except ValueError:
            values = None
        if not isinstance(values, dict):
            # EKS takes YAML as well; what is not read cannot be kept.
            raise PermanentError(
                f"EKS cluster {self._cluster}: the configuration of the add-on {_ADDON} is no JSON object. "
                "Write it as JSON, or set dns: manual"
            )
        return values

    def _await(self, update: dict[str, Any]) -> None:
        begun = self._clock.now_ms()
        while update["status"] == "InProgress":
            if self._clock.now_ms() - begun >= UPDATE_SECONDS * 1000:
                raise RetryableError(f"EKS cluster {self._cluster}: the update of the add-on {_ADDON} takes too long")
            self._clock.sleep(_POLL_SECONDS)
            update = self._call("describe_update", updateId=update["id"])["update"]
        if update["status"] != "Successful":
            told = "; ".join(error.get("errorMessage", "") for error in update.get("errors") or ()) or "no reason given"
            raise PermanentError(
                f"EKS cluster {self._cluster}: the update of the add-on {_ADDON} is {update['status']}: {told}"
            )

    def _call(self, operation: str, **arguments: Any) -> Any:
        cluster = {"name" if operation == "describe_update" else "clusterName": self._cluster}
        try:
            return getattr(self._client, operation)(**cluster, addonName=_ADDON, **arguments)
        except (ClientError, BotoCoreError) as error:
            raise self._translated(operation, error) from error

    def _translated(self, operation: str, error: ClientError | BotoCoreError) -> McsError:
        message = f"EKS cluster {self._cluster}: {operation} of {_ADDON} failed: {error}"
        code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
        if code in _BUSY:
            return BusyError(message)
        return PermanentError(message) if code and code not in _PASSING else RetryableError(message)
