"""`python -m sandbox.identity CONFIG.json`: serve Pod Identity credentials on loopback until SIGTERM or Ctrl-C."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from sandbox.aws.server import LocalAws
from sandbox.controlplane.client import KubeClient
from sandbox.identity.config import read_config
from sandbox.identity.server import Agent, Server, credentials_url
from sandbox.identity.session import Sessions
from sandbox.process import interruptible


def main(arguments: list[str]) -> None:
    """Serve as the file says."""
    config = read_config(Path(arguments[0]))
    aws = LocalAws(config.account, config.region, config.aws_port, cloudmap_url="", host=config.aws_host)
    reviewers = {
        name: KubeClient(api.url, Path(api.ca_file), certificate=(Path(api.certificate), Path(api.key)))
        for name, api in config.clusters.items()
    }
    sessions = Sessions(aws.client("eks"), aws.client("sts"), config.session_seconds)
    server = Server(config.port, Agent(reviewers, sessions))
    for name in config.clusters:
        print(credentials_url(server.server_port, name), flush=True)
    with interruptible(), suppress(KeyboardInterrupt), server:
        server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
