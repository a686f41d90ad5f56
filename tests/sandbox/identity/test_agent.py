from http import HTTPStatus
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from botocore.credentials import ContainerProvider

from sandbox.controlplane.client import ApiUnreachableError
from sandbox.identity.config import ApiServer, Config, NodeConfig, read_config, read_node_config
from sandbox.identity.review import AUDIENCE, Reviewer, ServiceAccount
from sandbox.identity.server import Agent, Server, credentials_url
from sandbox.identity.session import NoAssociationError, session_name

WATCHER = ServiceAccount("cloudmap-mcs-system", "watcher", "watcher-5d", "uid-1")


class ApiServerWithOneToken:
    """Knows the token `good`; answers as a real API server does."""

    def __init__(self, **status: Any) -> None:
        self.asked: list[dict[str, Any]] = []
        self._status = {
            "authenticated": True,
            "audiences": [AUDIENCE],
            "user": {
                "username": "system:serviceaccount:cloudmap-mcs-system:watcher",
                "extra": {
                    "authentication.kubernetes.io/pod-name": ["watcher-5d"],
                    "authentication.kubernetes.io/pod-uid": ["uid-1"],
                },
            },
            **status,
        }

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        assert path == "/apis/authentication.k8s.io/v1/tokenreviews"
        self.asked.append(body)
        return {"status": self._status if body["spec"]["token"] == "good" else {"error": "unknown token"}}


class Sessions:
    """Has an association for the watcher in `east`."""

    def credentials(self, cluster: str, owner: ServiceAccount) -> dict[str, str]:
        if (cluster, owner) != ("east", WATCHER):
            raise NoAssociationError(f"no association for {owner.name} in {cluster}")
        return {
            "AccessKeyId": "AKIA",
            "SecretAccessKey": "secret",
            "Token": "session",
            "AccountId": "123456789012",
            "Expiration": "2100-01-01T00:00:00Z",
        }


class Unreachable:
    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        raise ApiUnreachableError(f"{path} {body['kind']}")


def agent(**status: Any) -> Agent:
    reviewers: dict[str, Reviewer] = {
        "east": ApiServerWithOneToken(**status),
        "west": ApiServerWithOneToken(),
        "down": Unreachable(),
    }
    return Agent(reviewers, Sessions())


def test_a_pod_with_an_association_gets_credentials() -> None:
    status, body = agent().answer("/v1/credentials/east", "good")

    assert (status, body["AccessKeyId"]) == (HTTPStatus.OK, "AKIA")


def test_the_api_server_is_asked_for_the_audience_of_pod_identity() -> None:
    server = ApiServerWithOneToken()
    Agent({"east": server}, Sessions()).answer("/v1/credentials/east", "good")

    assert [body["spec"] for body in server.asked] == [{"token": "good", "audiences": [AUDIENCE]}]


def test_on_a_node_pods_need_not_name_their_cluster() -> None:
    own = Agent({"east": ApiServerWithOneToken()}, Sessions(), own="east")

    status, body = own.answer("/v1/credentials", "good")

    assert (status, body["AccessKeyId"]) == (HTTPStatus.OK, "AKIA")
    assert agent().answer("/v1/credentials", "good")[0] == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("path", "token", "status", "words"),
    [
        pytest.param("/v1/credentials/east", "bad", HTTPStatus.FORBIDDEN, "unknown token", id="bad-token"),
        pytest.param("/v1/credentials/east", None, HTTPStatus.BAD_REQUEST, "no token", id="no-token"),
        pytest.param("/v1/credentials/west", "good", HTTPStatus.NOT_FOUND, "no association", id="no-association"),
        pytest.param("/v1/credentials/north", "good", HTTPStatus.NOT_FOUND, "not known", id="unknown-cluster"),
        pytest.param("/elsewhere", "good", HTTPStatus.NOT_FOUND, "not known", id="unknown-path"),
        pytest.param("/v1/credentials/down", "good", HTTPStatus.SERVICE_UNAVAILABLE, "TokenReview", id="down"),
    ],
)
def test_everybody_else_is_told_why_not(path: str, token: str | None, status: HTTPStatus, words: str) -> None:
    found, body = agent().answer(path, token)

    assert found == status
    assert words in body["message"]


@pytest.mark.parametrize(
    "status",
    [
        pytest.param({"audiences": ["https://kubernetes.default.svc"]}, id="other-audience"),
        pytest.param({"audiences": []}, id="no-audience"),
        pytest.param({"user": {"username": "system:admin"}}, id="no-service-account"),
    ],
)
def test_a_token_for_something_else_is_refused(status: dict[str, Any]) -> None:
    assert agent(**status).answer("/v1/credentials/east", "good")[0] == HTTPStatus.FORBIDDEN


def test_botocore_finds_the_credentials_through_the_container_variables(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("good")
    with Server(0, agent()) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        environment = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": credentials_url(server.server_port, "east"),
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token),
        }
        credentials = ContainerProvider(environment).load()
        server.shutdown()
        thread.join()

    assert (credentials.access_key, credentials.token) == ("AKIA", "session")


def test_a_session_is_named_after_cluster_and_pod_within_what_sts_allows() -> None:
    assert session_name("east", WATCHER) == "eks-east-watcher-5d"
    assert session_name("east", ServiceAccount("ns", "watcher")) == "eks-east-watcher"
    assert len(session_name("e" * 100, WATCHER)) == 64


def test_the_configuration_survives_its_file(tmp_path: Path) -> None:
    config = Config(
        1, "123456789012", "us-east-1", "localhost", 2, {"east": ApiServer("https://x", "ca", "crt", "key")}, 900
    )
    config.write(tmp_path / "identity.json")

    assert read_config(tmp_path / "identity.json") == config


def test_the_configuration_of_a_node_survives_its_file(tmp_path: Path) -> None:
    api = ApiServer("https://x", "ca", "crt", "key")
    config = NodeConfig(
        cluster="east",
        api=api,
        account="123456789012",
        region="us-east-1",
        aws_host="10.66.0.1",
        aws_port=2,
        addresses=("169.254.170.23", "fd00:ec2::23"),
        uri="http://169.254.170.23/v1/credentials",
        variables={"AWS_REGION": "us-east-1"},
        webhook=("10.66.0.11", 9443),
        serving=("server.crt", "server.key"),
    )
    config.write(tmp_path / "node.json")

    assert read_node_config(tmp_path / "node.json") == config
