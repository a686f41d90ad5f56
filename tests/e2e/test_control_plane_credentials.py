"""Who is who to a real API server: mounted tokens, Pod Identity's tokens, and those only a webhook knows."""

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.controlplane.applying import apply, delete, parse
from sandbox.controlplane.client import ApiRefusedError, KubeClient
from sandbox.controlplane.cluster import ControlPlane
from sandbox.controlplane.credentials import Grant, MountedToken, mount_credentials, request_token
from sandbox.controlplane.spec import TokenWebhook
from tests.e2e.clusters import ACCOUNT, POD_IDENTITY, REVIEWS, WEB, Lab, now, running_lab

pytestmark = pytest.mark.e2e

OWN_POD = """
apiVersion: v1
kind: Pod
metadata: {name: own, namespace: shop}
spec: {serviceAccountName: reader, containers: [{name: main, image: main}]}
"""


class Reviewer(http.server.BaseHTTPRequestHandler):
    """Answers a TokenReview: the token `eks:NAME` is the user NAME in the group `importers`, nothing else is known."""

    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known, _, name = review["spec"]["token"].partition(":")
        user = {"username": name, "groups": ["importers"]}
        review["status"] = {"authenticated": known == "eks", **({"user": user} if known == "eks" else {})}
        body = json.dumps(review).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture(scope="module")
def reviewer() -> Iterator[TokenWebhook]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Reviewer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield TokenWebhook(f"http://127.0.0.1:{server.server_address[1]}/", cache_seconds=0)
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, reviewer: TokenWebhook) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("lab"), reviewer) as lab:
        yield lab


@pytest.fixture
def first(lab: Lab) -> ControlPlane:
    apply(lab.planes[0].client(), parse(WEB)[:2])
    return lab.planes[0]


def test_a_mounted_token_is_its_service_account_to_the_api_server(first: ControlPlane, tmp_path: Path) -> None:
    mount_credentials(first.client(), Grant("shop", "reader"), tmp_path, ca_file=first.ca_file, now=now())

    assert (tmp_path / "namespace").read_text() == "shop"
    client = KubeClient(first.server, tmp_path / "ca.crt", token=(tmp_path / "token").read_text())
    with pytest.raises(ApiRefusedError, match="system:serviceaccount:shop:reader") as refused:
        client.get(ACCOUNT)
    assert refused.value.status == 403


def test_a_mounted_token_is_renewed_when_most_of_its_life_is_over(first: ControlPlane, tmp_path: Path) -> None:
    start = now()
    mounted = MountedToken(first.client(), Grant("shop", "reader", seconds=1000), tmp_path / "token")
    assert mounted.refresh(start)
    before = (tmp_path / "token").read_text()

    assert not mounted.refresh(start + timedelta(seconds=750))
    assert (tmp_path / "token").read_text() == before
    # Tokens of one second differ in nothing else than their id.
    assert mounted.refresh(start + timedelta(seconds=850))
    assert (tmp_path / "token").read_text() != before


@pytest.mark.parametrize(
    ("reviewed_for", "by_own_cluster", "authenticated"),
    [
        pytest.param(POD_IDENTITY, True, True, id="its-audience"),
        pytest.param("sts.amazonaws.com", True, False, id="another-audience"),
        pytest.param(POD_IDENTITY, False, False, id="another-cluster"),
    ],
)
def test_a_token_for_pod_identity_can_be_reviewed(
    lab: Lab, first: ControlPlane, *, reviewed_for: str, by_own_cluster: bool, authenticated: bool
) -> None:
    token = request_token(first.client(), Grant("shop", "reader", audiences=(POD_IDENTITY,)))
    reviewer = lab.planes[0 if by_own_cluster else 1].client()

    review = reviewer.create(REVIEWS, {"spec": {"token": token.value, "audiences": [reviewed_for]}})

    assert review["status"].get("authenticated", False) is authenticated
    if authenticated:
        assert review["status"]["user"]["username"] == "system:serviceaccount:shop:reader"


def test_a_token_for_pod_identity_opens_no_api_server(first: ControlPlane) -> None:
    token = request_token(first.client(), Grant("shop", "reader", audiences=(POD_IDENTITY,)))

    with pytest.raises(ApiRefusedError) as refused:
        first.client(token.value).get(ACCOUNT)

    assert refused.value.status == 401


def test_a_token_may_be_bound_to_a_pod(first: ControlPlane) -> None:
    client = first.client()
    apply(client, parse(OWN_POD))

    token = request_token(client, Grant("shop", "reader", pod="own")).value

    user = client.create(REVIEWS, {"spec": {"token": token}})["status"]["user"]
    assert user["extra"]["authentication.kubernetes.io/pod-name"] == ["own"]
    delete(client, parse(OWN_POD))


def test_tokens_the_cluster_does_not_know_are_put_to_the_webhook(lab: Lab) -> None:
    without, with_webhook = lab.planes

    reviews = [
        plane.client().create(REVIEWS, {"spec": {"token": "eks:importer"}})["status"]
        for plane in (without, with_webhook)
    ]

    assert "user" not in reviews[0] or reviews[0]["user"] == {}
    assert reviews[1]["user"]["username"] == "importer"
    with pytest.raises(ApiRefusedError, match='User "importer" cannot get') as refused:
        with_webhook.client("eks:importer").get("/api/v1/namespaces/default/services/kubernetes")
    assert refused.value.status == 403


def test_the_audit_log_names_who_asked_for_what(first: ControlPlane) -> None:
    first.client().get(ACCOUNT)

    entries = [json.loads(line) for line in first.spec.audit_log.read_text().splitlines()]

    assert any(entry["requestURI"] == ACCOUNT and entry["user"].get("username") == "admin" for entry in entries)
