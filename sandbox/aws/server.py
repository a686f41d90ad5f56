"""The process of the local AWS: its settings, its clusters, and what a client of it needs in its environment."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from sandbox.aws.inside.clusters import PATH as CLUSTERS_PATH
from sandbox.controlplane.spec import LOOPBACK
from sandbox.errors import SandboxError
from sandbox.process import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROOT_SECRET = "test"  # noqa: S105 -- of every account of an AWS that is one process on this machine
CALLS = "calls.jsonl"
"""In its folder: what IAM decided, call by call; see `inside.calls`."""

_ANSWER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Addon:
    """A managed add-on of a cluster; `values` is its configuration as EKS keeps it: text, JSON or YAML."""

    name: str
    values: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class EksCluster:
    """An API server that the local AWS announces as an EKS cluster.

    `ca` is base64 of the PEM, as DescribeCluster has it; `secret` (at least 16 letters, digits, - or _) is in the path
    of its token webhook. Without an `oidc_issuer` there is one that nobody serves.
    """

    name: str
    version: str
    endpoint: str
    ca: str
    secret: str
    addons: tuple[Addon, ...] = ()
    auto_mode: bool = False
    authentication_mode: str = "API"
    vpc: str = "vpc-0123456789abcdef0"
    oidc_issuer: str = ""


@dataclass(frozen=True, slots=True)
class LocalAws:
    """A local AWS as it is seen from one account and Region: its port, its Cloud Map, and the host where it listens.

    One process is every account and Region. An account's root user has the account itself as access key.
    """

    account: str
    region: str
    port: int
    cloudmap_url: str
    host: str = "localhost"

    @property
    def endpoint(self) -> str:
        return f"http://{self.host}:{self.port}"

    def at(self, account: str, region: str) -> LocalAws:
        """Return the same process seen from another account and Region."""
        return replace(self, account=account, region=region)

    def command(self, python: Path, *, folder: Path, base: Mapping[str, str]) -> Command:
        """Return how to start it; of the environment `base` it gets PATH, HOME and nothing else.

        Functions inherit this environment: that is how they find Cloud Map.
        """
        scratch = {name: folder / name for name in ("tmp", "s3", "state")}
        for path in scratch.values():
            path.mkdir(parents=True, exist_ok=True)
        environment = {
            **{name: base[name] for name in ("PATH", "HOME") if name in base},
            # Functions call it on loopback whatever its host is.
            "BIND_HOST": LOOPBACK if self.host == "localhost" else "0.0.0.0",
            "MINISTACK_HOST": self.host,
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_ACCOUNT_ID": self.account,
            "AUTH": "true",
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": _ROOT_SECRET,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL_SERVICEDISCOVERY": self.cloudmap_url,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "AWS_EC2_METADATA_DISABLED": "true",
            "LAMBDA_EXECUTOR": "local",
            "LOG_LEVEL": "INFO",
            "TMPDIR": str(scratch["tmp"]),
            "S3_DATA_DIR": str(scratch["s3"]),
            "STATE_DIR": str(scratch["state"]),
            "SANDBOX_CALLS": str(folder / CALLS),
        }
        launcher = Path(__file__).with_name("launcher.py")
        arguments = (str(python), "-P", str(launcher))
        return Command("local-aws", arguments, folder, folder / "local-aws.log", environment)

    def client_environment(self) -> dict[str, str]:
        """Return what makes AWS clients (SDKs, CDK, the AWS CLI) talk to this one as its root user."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT_URL_SERVICEDISCOVERY": self.cloudmap_url,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": _ROOT_SECRET,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }

    def client(self, service: str) -> Any:
        """Return a boto3 client as the root user, with short timeouts and no retries; Cloud Map is the simulator's."""
        url = self.cloudmap_url if service == "servicediscovery" else self.endpoint
        config = Config(retries={"total_max_attempts": 1}, read_timeout=60, connect_timeout=5, inject_host_prefix=False)
        return boto3.session.Session(self.account, _ROOT_SECRET, region_name=self.region).client(
            service, endpoint_url=url, config=config
        )

    def is_up(self) -> bool:
        """Ask its health page, for `Child.wait_until`."""
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=1.0) as answer:  # noqa: S310 -- ours
                return bool(answer.status == 200)  # noqa: PLR2004 -- HTTP
        except OSError:
            return False

    def announce(self, cluster: EksCluster) -> None:
        """Make an API server an EKS cluster of this AWS, or change one that is.

        Access entries stay, and the configuration of an add-on that is there already.
        """
        body = {"account": self.account, "region": self.region, **asdict(cluster)}
        url = f"{self.endpoint}{CLUSTERS_PATH}"
        request = urllib.request.Request(url, json.dumps(body).encode(), method="PUT")  # noqa: S310 -- our own server
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS):  # noqa: S310 -- the same
                pass
        except OSError as error:
            raise SandboxError(f"the local AWS did not take the cluster {cluster.name}: {error}") from error

    def webhook_url(self, name: str, secret: str) -> str:
        """Return where a cluster's API server sends its TokenReviews (v1 or v1beta1).

        Known before either side runs, so the API server may start first.
        """
        return f"{self.endpoint}/_ministack/eks-auth/{self.account}/{self.region}/{name}/{secret}"
