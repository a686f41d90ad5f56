"""The HTTP endpoint that AWS SDKs ask, through AWS_CONTAINER_CREDENTIALS_FULL_URI."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.controlplane.spec import LOOPBACK
from sandbox.errors import SandboxError
from sandbox.identity.listening import Listener
from sandbox.identity.review import TokenRefusedError, review
from sandbox.identity.session import NoAssociationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.identity.review import Reviewer, ServiceAccount

PATH: Final = "/v1/credentials/"
AGENT_PATH: Final = "/v1/credentials"
"""Where EKS's agent answers, of which every node has its own."""


def credentials_url(port: int, cluster: str) -> str:
    """Return the AWS_CONTAINER_CREDENTIALS_FULL_URI of a cluster's pods; on EKS each node has its own."""
    return f"http://127.0.0.1:{port}{PATH}{cluster}"


class Granting(Protocol):
    """Who makes sessions; `session.Sessions` is one."""

    def credentials(self, cluster: str, owner: ServiceAccount) -> dict[str, str]: ...


@dataclass(frozen=True, slots=True)
class Agent:
    """Answers one request: every cluster has its own reviewer, so a token counts only where it was issued.

    On a node of a cluster that is `own`, its pods need not name it.
    """

    reviewers: Mapping[str, Reviewer]
    sessions: Granting
    own: str = ""

    def answer(self, path: str, token: str | None) -> tuple[HTTPStatus, dict[str, str]]:
        """Return status and body for the token in an Authorization header."""
        cluster = self.own if path == AGENT_PATH else path.removeprefix(PATH)
        if not path.startswith(AGENT_PATH) or cluster not in self.reviewers:
            return HTTPStatus.NOT_FOUND, {"message": f"{path} is not known here"}
        if not token:
            return HTTPStatus.BAD_REQUEST, {"message": "the Authorization header has no token"}
        try:
            owner = review(self.reviewers[cluster], token)
            return HTTPStatus.OK, self.sessions.credentials(cluster, owner)
        except TokenRefusedError as error:
            return HTTPStatus.FORBIDDEN, {"message": f"token refused: {error}"}
        except NoAssociationError as error:
            return HTTPStatus.NOT_FOUND, {"message": str(error)}
        except (SandboxError, ClientError, BotoCoreError) as error:
            return HTTPStatus.SERVICE_UNAVAILABLE, {"message": str(error)}


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        status, body = self.server.agent.answer(self.path, self.headers.get("Authorization"))
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Server(Listener):
    """Listens on loopback unless it is given an address; port 0 takes a free one."""

    def __init__(self, port: int, agent: Agent, host: str = LOOPBACK) -> None:
        super().__init__((host, port), _Handler)
        self.agent = agent
