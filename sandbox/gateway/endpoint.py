"""Which Cloud Map an address means, and with which keys it is called."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from sandbox.errors import SandboxError

_AWS: Final = re.compile(r"servicediscovery(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws)")
_AWS_SUFFIXES: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A Cloud Map; `region` is set if it is one of AWS, which takes only the user's own credentials."""

    url: str
    region: str | None

    def client(self, account: str, sandbox_region: str) -> Any:
        """Return a boto3 client: with the user's credentials for AWS, else with the account's number as the key."""
        config = Config(read_timeout=30, connect_timeout=5, inject_host_prefix=False)
        if self.region is None:
            session = boto3.session.Session(account, account, region_name=sandbox_region)
        else:
            session = boto3.session.Session(region_name=self.region)
            if session.get_credentials() is None:
                raise SandboxError(
                    f"{self.url} is AWS's own and there are no AWS credentials: set AWS_PROFILE, or log in with the "
                    "AWS CLI"
                )
        return session.client("servicediscovery", endpoint_url=self.url, config=config)


def parse(url: str) -> Endpoint:
    """Read an address; SandboxError if it is none that the sandbox can use."""
    address = urlsplit(url)
    host = address.hostname or ""
    if address.scheme not in {"http", "https"} or not host or address.path.strip("/") or address.query:
        raise SandboxError(f"--cloudmap-endpoint {url}: it must be of the form http://HOST:PORT or https://HOST")
    found = _AWS.fullmatch(host)
    if found is None and host.endswith(_AWS_SUFFIXES):
        raise SandboxError(
            f"--cloudmap-endpoint {url}: AWS's own are named https://servicediscovery.REGION.amazonaws.com"
        )
    if found is not None and address.scheme != "https":
        raise SandboxError(f"--cloudmap-endpoint {url}: AWS is called by https only")
    return Endpoint(url.rstrip("/"), found[1] if found else None)
