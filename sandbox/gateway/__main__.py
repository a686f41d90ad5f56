"""`python -m sandbox.gateway PORT URL`: sign Cloud Map calls for AWS until SIGTERM or Ctrl-C.

The gateway's secret comes in the variable MCS_GATEWAY_SECRET: other users of this machine see command lines.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import boto3

from sandbox.errors import SandboxError
from sandbox.gateway.endpoint import parse
from sandbox.gateway.server import Gateway, Signer, pool
from sandbox.process import interruptible


def main(arguments: list[str]) -> None:
    """Serve as the arguments say."""
    port, url = arguments
    endpoint = parse(url)
    credentials = boto3.session.Session().get_credentials()
    if credentials is None or endpoint.region is None:
        raise SandboxError(f"{url}: only AWS's own endpoint needs a gateway, and it needs AWS credentials")
    signer = Signer(endpoint.url, endpoint.region, credentials, pool())
    secret = os.environ["MCS_GATEWAY_SECRET"]  # noqa: TID251 - a door
    with interruptible(), suppress(KeyboardInterrupt), Gateway(int(port), secret, signer) as gateway:
        gateway.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
