"""`python -m sandbox.identity.node CONFIG.json`: a cluster's Pod Identity agent and webhook, until SIGTERM or Ctrl-C.

It runs in the network of the cluster's node.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Final

from sandbox.aws.server import LocalAws
from sandbox.controlplane.client import KubeClient
from sandbox.identity.config import NodeConfig, read_node_config
from sandbox.identity.injecting import Injection
from sandbox.identity.server import Agent, Server
from sandbox.identity.session import Associations, Sessions
from sandbox.identity.webhook import Admission, WebhookServer
from sandbox.process import interruptible

_PORT: Final = 80


def main(arguments: list[str]) -> None:
    """Serve as the file says; the webhook listens last, when all else does."""
    config = read_node_config(Path(arguments[0]))
    aws = LocalAws(config.account, config.region, config.aws_port, cloudmap_url="", host=config.aws_host)
    eks = aws.client("eks")
    agent = _agent(config, Sessions(eks, aws.client("sts"), config.session_seconds))
    admission = Admission(Associations(eks, config.cluster), Injection(config.uri, config.variables))
    for address in config.addresses:
        Thread(target=Server(_PORT, agent, address).serve_forever, daemon=True).start()
    with interruptible(), suppress(KeyboardInterrupt):
        WebhookServer(config.webhook, admission, serving=config.serving).serve_forever()


def _agent(config: NodeConfig, sessions: Sessions) -> Agent:
    api = config.api
    reviewer = KubeClient(api.url, Path(api.ca_file), certificate=(Path(api.certificate), Path(api.key)))
    return Agent({config.cluster: reviewer}, sessions, own=config.cluster)


if __name__ == "__main__":
    main(sys.argv[1:])
