"""Credentials of another role, by a real STS client: what is asked, who signs, and when it is asked again."""

import base64
import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from urllib3 import HTTPResponse

from cloudmap_mcs.errors import RetryableError
from cloudmap_mcs.kube.assuming import AssumedRole, assuming
from cloudmap_mcs.kube.tokens import EksCluster, EksToken

ROLE = AssumedRole("arn:aws:iam::210987654321:role/cloudmap-mcs-prod-east", "prod/east")


class Sts:
    """Hands out credentials that are good for so many minutes, or refuses."""

    def __init__(self) -> None:
        self.minutes = 60
        self.refuses = False
        self.asked: list[dict[str, str]] = []
        self.signers: list[str] = []

    def answer(self, body: str, authorization: str) -> tuple[int, str]:
        self.asked.append({name: values[0] for name, values in parse_qs(body).items()})
        self.signers.append(authorization.partition("Credential=")[2].partition("/")[0])
        if self.refuses:
            error = "<Code>AccessDenied</Code><Message>is not authorized to perform: sts:AssumeRole</Message>"
            return 403, f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
        until = (datetime.now(UTC) + timedelta(minutes=self.minutes)).isoformat()  # noqa: TID251  # botocore reads the clock
        given = (
            f"<AccessKeyId>ASIA{len(self.asked)}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
            f"<SessionToken>t</SessionToken><Expiration>{until}</Expiration>"
        )
        result = f"<AssumeRoleResult><Credentials>{given}</Credentials></AssumeRoleResult>"
        return 200, f"<AssumeRoleResponse>{result}</AssumeRoleResponse>"


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sts]:
    played = Sts()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, text = played.answer(body, self.headers["Authorization"])
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_port}")
    yield played
    server.shutdown()
    server.server_close()
    thread.join()


def own_session() -> Any:
    session = botocore.session.Session()
    session.set_config_variable("region", "eu-west-1")
    session.set_credentials("AKIAOWN", "secret")
    return session


def test_the_role_is_assumed_when_it_is_first_needed_with_its_external_id(sts: Sts) -> None:
    credentials = assuming(ROLE, "installer", own_session()).get_credentials()
    assert sts.asked == []

    assert credentials.get_frozen_credentials().access_key == "ASIA1"
    credentials.get_frozen_credentials()

    (asked,) = sts.asked
    assert (asked["Action"], asked["RoleArn"], asked["ExternalId"]) == ("AssumeRole", ROLE.arn, "prod/east")
    assert asked["RoleSessionName"] == "cloudmap-mcs-installer"
    assert sts.signers == ["AKIAOWN"]


def test_credentials_that_end_soon_are_asked_for_again(sts: Sts) -> None:
    sts.minutes = 5
    credentials = assuming(ROLE, "importer", own_session()).get_credentials()

    assert [credentials.get_frozen_credentials().access_key for _ in range(2)] == ["ASIA1", "ASIA2"]


def test_clients_and_tokens_of_the_session_are_the_roles(sts: Sts) -> None:
    session = assuming(ROLE, "importer", own_session())
    signed: list[str] = []
    client = boto3.Session(botocore_session=session).client("eks", region_name="eu-west-1")

    def refuse(request: Any, **_: object) -> AWSResponse:
        signed.append(str(request.headers))
        return AWSResponse(request.url, 400, {}, HTTPResponse(io.BytesIO(b"{}"), preload_content=False))

    client.meta.events.register("before-send", refuse)

    with pytest.raises(ClientError):
        client.describe_cluster(name="prod-east")
    token = EksToken(EksCluster("prod-east", "eu-west-1"), session.get_credentials, now=lambda: 0.0).current()

    assert "Credential=ASIA1/" in signed[0]
    assert "Credential=ASIA1%2F" in base64.urlsafe_b64decode(token.removeprefix("k8s-aws-v1.") + "===").decode()
    assert len(sts.asked) == 1


def test_a_role_that_may_not_be_assumed_is_said_by_whoever_needs_it(sts: Sts) -> None:
    sts.refuses = True
    session = assuming(ROLE, "importer", own_session())
    tokens = EksToken(EksCluster("prod-east", "eu-west-1"), session.get_credentials, now=lambda: 0.0)

    with pytest.raises(RetryableError, match=r"prod-east: no AWS credentials: .*not authorized to perform: sts:Assume"):
        tokens.current()


def test_without_credentials_of_its_own_nothing_is_assumed() -> None:
    class Bare:
        def get_credentials(self) -> None:
            return None

    with pytest.raises(RetryableError, match="no AWS credentials are available"):
        assuming(ROLE, "importer", Bare())
