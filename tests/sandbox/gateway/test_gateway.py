"""The gateway in front of something that checks signatures as AWS does."""

import hashlib
import hmac
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from sandbox.gateway.server import Gateway, Signer, destination, pool

KEY, SECRET, REGION = "AKIDUSER", "of-the-user", "eu-west-1"


class Aws(ThreadingHTTPServer):
    """Answers ListNamespaces to whom it knows."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.user_agents: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Aws

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        well = self.headers["Authorization"].rpartition("=")[2] == expected_signature(dict(self.headers.items()), body)
        self.server.user_agents.append(self.headers["User-Agent"])
        answer = b'{"Namespaces":[]}' if well else b'{"__type":"InvalidSignatureException"}'
        self.send_response(200 if well else 403)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def expected_signature(headers: dict[str, str], body: bytes) -> str:
    """Compute what "Create a signed AWS API request" (IAM User Guide) says, from the request as it arrived."""
    given = {name.lower(): value for name, value in headers.items()}
    signed = given["authorization"].split("SignedHeaders=")[1].split(",")[0]
    lines = "".join(f"{name}:{given[name]}\n" for name in signed.split(";"))
    canonical = f"POST\n/\n\n{lines}\n{signed}\n{hashlib.sha256(body).hexdigest()}"
    day = given["x-amz-date"][:8]
    scope = f"{day}/{REGION}/servicediscovery/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{given['x-amz-date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{SECRET}".encode()
    for part in (day, REGION, "servicediscovery", "aws4_request", text):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


@dataclass
class Lab:
    aws: Aws
    gateways: list[Gateway] = field(default_factory=list)

    def client(self, secret_key: str = SECRET) -> Any:
        """Open a client with keys of nobody, through a gateway with the given user's."""
        url, user = f"http://127.0.0.1:{self.aws.server_port}", Credentials(KEY, secret_key)
        gateway = Gateway(0, "sesame", Signer(url, REGION, user, pool(), data_plane=False))
        threading.Thread(target=gateway.serve_forever, args=(0.01,), daemon=True).start()
        self.gateways.append(gateway)
        return a_client(gateway.url)


def a_client(url: str) -> Any:
    config = Config(inject_host_prefix=False, retries={"total_max_attempts": 1}, user_agent_extra="cloudmap-mcs/1")
    session = boto3.session.Session("local", "local", region_name="us-east-1")
    return session.client("servicediscovery", endpoint_url=url, config=config)


@pytest.fixture
def lab() -> Iterator[Lab]:
    lab = Lab(Aws())
    threading.Thread(target=lab.aws.serve_forever, args=(0.01,), daemon=True).start()
    yield lab
    for server in (*lab.gateways, lab.aws):
        server.shutdown()
        server.server_close()


def test_calls_arrive_signed_by_the_user_for_the_endpoints_region(lab: Lab) -> None:
    assert lab.client().list_namespaces()["Namespaces"] == []
    assert "cloudmap-mcs/1" in lab.aws.user_agents[0]


def test_a_refusal_comes_back_as_it_is(lab: Lab) -> None:
    with pytest.raises(ClientError, match="InvalidSignatureException"):
        lab.client("wrong").list_namespaces()


def test_who_does_not_know_the_address_gets_nowhere(lab: Lab) -> None:
    lab.client()
    client = a_client(lab.gateways[0].url.replace("sesame", "guess"))

    with pytest.raises(ClientError) as caught:
        client.list_namespaces()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert not lab.aws.user_agents


def test_an_endpoint_that_is_away_looks_like_an_outage(lab: Lab) -> None:
    client = lab.client()
    lab.aws.shutdown()
    lab.aws.server_close()

    with pytest.raises(ClientError) as caught:
        client.list_namespaces()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


@pytest.mark.parametrize(
    ("operation", "host"),
    [
        ("DiscoverInstances", "data-servicediscovery.eu-west-1.amazonaws.com"),
        ("DiscoverInstancesRevision", "data-servicediscovery.eu-west-1.amazonaws.com"),
        ("ListServices", "servicediscovery.eu-west-1.amazonaws.com"),
    ],
)
def test_the_data_plane_has_its_own_host(operation: str, host: str) -> None:
    target = f"Route53AutoNaming_v20170314.{operation}"
    url = destination("https://servicediscovery.eu-west-1.amazonaws.com", target, data_plane=True)

    assert url == f"https://{host}/"
