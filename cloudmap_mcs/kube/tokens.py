"""EKS bearer tokens, minted without a client and without network: a presigned STS GetCallerIdentity URL.

The API server's authenticator calls that URL (github.com/kubernetes-sigs/aws-iam-authenticator, "API Authorization").
A token is a credential for 15 minutes: it is never logged and never part of a message.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ClientError

from cloudmap_mcs.errors import RetryableError

TOKEN_PREFIX: Final = "k8s-aws-v1."  # noqa: S105 - public: every EKS token starts with it
USE_SECONDS: Final = 600
"""EKS honours a token for 15 minutes; five are kept back for clocks that differ and for an STS outage."""

_URL_SECONDS: Final = 60
_CLUSTER_HEADER: Final = "x-k8s-aws-id"


class Credentials(Protocol):
    """What this module needs of botocore's credentials, which renew themselves when asked in good time."""

    def get_frozen_credentials(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class EksCluster:
    """An EKS cluster by its name in AWS, its Region and the partition's DNS suffix (`amazonaws.com`)."""

    name: str
    region: str
    dns_suffix: str = "amazonaws.com"


def mint(credentials: Any, cluster: EksCluster) -> str:
    """Sign a token with frozen credentials. The STS host is that of the cluster's own Region."""
    request = AWSRequest(
        method="GET",
        url=f"https://sts.{cluster.region}.{cluster.dns_suffix}/?Action=GetCallerIdentity&Version=2011-06-15",
        headers={_CLUSTER_HEADER: cluster.name},
    )
    SigV4QueryAuth(credentials, "sts", cluster.region, expires=_URL_SECONDS).add_auth(request)
    return TOKEN_PREFIX + base64.urlsafe_b64encode(request.url.encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class _Minted:
    token: str
    signer: Any
    until: float


class EksToken:
    """A token source for one EKS cluster. `now` gives seconds since the epoch.

    A token is used for ten minutes, and no longer than the credentials that signed it: botocore replaces those well
    before they expire, and then the next call mints anew.
    """

    def __init__(
        self, cluster: EksCluster, credentials: Callable[[], Credentials | None], *, now: Callable[[], float]
    ) -> None:
        self._cluster = cluster
        self._credentials = credentials
        self._now = now
        self._minted: _Minted | None = None

    def current(self) -> str:
        signer = self._frozen()
        minted = self._minted
        if minted is None or self._now() >= minted.until or minted.signer != signer:
            return self._mint(signer)
        return minted.token

    def renew(self, refused: str) -> str:
        """Mint another, unless another thread has done so already."""
        minted = self._minted
        return self._mint(self._frozen()) if minted is None or minted.token == refused else minted.token

    def _mint(self, signer: Any) -> str:
        token = mint(signer, self._cluster)
        self._minted = _Minted(token, signer, self._now() + USE_SECONDS)
        return token

    def _frozen(self) -> Any:
        try:
            credentials = self._credentials()
            if credentials is not None:
                return credentials.get_frozen_credentials()
        except (BotoCoreError, ClientError) as error:
            raise RetryableError(f"EKS cluster {self._cluster.name}: no AWS credentials: {error}") from error
        raise RetryableError(f"EKS cluster {self._cluster.name}: no AWS credentials are available (yet)")


def eks_cluster(session: Any, name: str, region: str) -> EksCluster:
    """Name a cluster with the DNS suffix of its Region's partition."""
    return EksCluster(name, region, dns_suffix(session, region))


def dns_suffix(session: Any, region: str) -> str:
    """Give what the host names of a Region's partition end with, from a botocore session's own data; no network."""
    suffixes = {entry["id"]: entry["outputs"]["dnsSuffix"] for entry in session.get_data("partitions")["partitions"]}
    return str(suffixes[session.get_partition_for_region(region)])
