"""What EKS says about a cluster: its hosting, and where its API server is, asked again when that stops working."""

import base64
import binascii
import copy
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from cloudmap_mcs.domain.preflight import Hosting
from cloudmap_mcs.errors import McsError, PermanentError, RetryableError, UnreachableError
from cloudmap_mcs.kube.access import ApiServer

DESCRIBE_SECONDS: Final = 30
"""A cluster that stays unreachable is described again at most this often: the API throttles."""

FAILURE_SECONDS: Final = 5
"""For so long a failed DescribeCluster answers every other question too: each read of each key asks."""

_UNSERVED: Final = frozenset({"CREATING", "PENDING", "FAILED", "DELETING"})
_GONE: Final = "ResourceNotFoundException"

_DENIED: Final = "AccessDeniedException"
_PERMANENT: Final = frozenset({"InvalidParameterException", "UnrecognizedClientException"})


class ClusterGoneError(PermanentError):
    """EKS knows no cluster of this name in this account and Region."""

    reason = "ClusterGone"


class EksDeniedError(PermanentError):
    """The role may not ask EKS about the cluster, or may not yet: rights take seconds to count everywhere."""

    reason = "EksDenied"


class ClusterLeavingError(UnreachableError):
    """EKS is deleting the cluster."""

    reason = "ClusterLeaving"


class EksServer:
    """A server source for one EKS cluster; `client` is a boto3 client `eks` of the cluster's Region.

    Raises PermanentError for a cluster that does not exist, may not be described or has no CA; UnreachableError for
    one that is being created or deleted. For a few seconds the same error comes without another call.
    """

    def __init__(self, client: Any, name: str, *, monotonic: Callable[[], float]) -> None:
        self._client = client
        self._name = name
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: ApiServer | None = None
        self._asked = 0.0
        self._failed: tuple[McsError, float] | None = None

    def current(self) -> ApiServer:
        with self._lock:
            return self._known or self._describe()

    def renew(self, failed: ApiServer) -> ApiServer:
        with self._lock:
            if self._known is not None and (
                self._known != failed or self._monotonic() - self._asked < DESCRIBE_SECONDS
            ):
                return self._known
            return self._describe()

    def _describe(self) -> ApiServer:
        if self._failed is not None and self._monotonic() - self._failed[1] < FAILURE_SECONDS:
            raise copy.copy(self._failed[0])  # several threads raise it, and each adds its own traceback
        try:
            self._known = self._ask()
        except McsError as error:
            self._failed = (copy.copy(error), self._monotonic())
            raise
        self._failed = None
        self._asked = self._monotonic()
        return self._known

    def _ask(self) -> ApiServer:
        try:
            answer = self._client.describe_cluster(name=self._name)
        except (ClientError, BotoCoreError) as error:
            raise _translate(self._name, "DescribeCluster", error) from error
        return api_server(self._name, answer["cluster"])


def api_server(name: str, described: Mapping[str, Any]) -> ApiServer:
    """Read endpoint and CA from a DescribeCluster answer; nothing is trusted that has no CA."""
    _require_served(name, described)
    endpoint = described.get("endpoint") or ""
    if not endpoint.startswith("https://"):
        raise PermanentError(f"EKS cluster {name}: DescribeCluster gave no https endpoint")
    data = (described.get("certificateAuthority") or {}).get("data") or ""
    try:
        text = base64.b64decode(data, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise PermanentError(f"EKS cluster {name}: the certificate authority of DescribeCluster is no PEM") from error
    return ApiServer(endpoint, text)


class EksHosting:
    """What EKS says about one cluster beside its address; `client` as for `EksServer`."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def look(self) -> Hosting:
        """Ask EKS; ClusterGoneError if there is no such cluster, ClusterLeavingError while it is being deleted."""
        described = self._ask("DescribeCluster", "describe_cluster", name=self._name)["cluster"]
        _require_served(self._name, described)
        return Hosting(
            name=self._name,
            authentication_mode=(described.get("accessConfig") or {}).get("authenticationMode") or "",
            version=described.get("version") or "",
            is_auto_mode=(described.get("computeConfig") or {}).get("enabled") is True,
            addons=frozenset(self._addons()),
        )

    def _addons(self) -> Iterator[str]:
        page: dict[str, str] = {}
        while True:
            answer = self._ask("ListAddons", "list_addons", clusterName=self._name, **page)
            yield from answer["addons"]
            if not answer.get("nextToken"):
                return
            page = {"nextToken": answer["nextToken"]}

    def _ask(self, action: str, method: str, **arguments: str) -> Any:
        try:
            return getattr(self._client, method)(**arguments)
        except (ClientError, BotoCoreError) as error:
            raise _translate(self._name, action, error) from error


def _require_served(name: str, described: Mapping[str, Any]) -> None:
    status = described.get("status", "")
    if status in _UNSERVED:
        kind = ClusterLeavingError if status == "DELETING" else UnreachableError
        raise kind(f"EKS cluster {name} is {status}")


def _translate(name: str, action: str, error: ClientError | BotoCoreError) -> McsError:
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    message = f"EKS cluster {name}: {action} failed: {error}"
    if code == _GONE:
        return ClusterGoneError(f"{message}. Look at its eks, account and region in clusterset.yaml")
    if code == _DENIED:
        return EksDeniedError(message)
    return PermanentError(message) if code in _PERMANENT else RetryableError(message)
