"""The boto3 client that the rest of this package is given."""

from typing import Any, Final

import boto3
from botocore.config import Config

from cloudmap_mcs import VERSION

ATTEMPTS: Final = 3
"""Tries of one call, the first included. botocore's default mode and number changed between versions."""


def build(region: str) -> Any:
    """Make a client for a Region. Endpoints and the host prefix of the data plane are left to botocore's variables.

    Threads may share the client.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        connect_timeout=2,
        read_timeout=5,
        tcp_keepalive=True,
        max_pool_connections=50,
        user_agent_extra=f"cloudmap-mcs/{VERSION}",
    )
    return boto3.Session().client("servicediscovery", region_name=region, config=config)
