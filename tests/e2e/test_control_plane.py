"""Two real control planes: what the sandbox, the demo and every other end-to-end test stand on."""

import http.server
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import SystemRandom
from typing import Any

import pytest
from rich.console import Console

from sandbox.binaries.building import build
from sandbox.binaries.progress import Progress
from sandbox.controlplane.applying import KindNotServedError, apply, delete, parse
from sandbox.controlplane.client import ApiRefusedError, KubeClient
from sandbox.controlplane.cluster import PROGRAMS, ControlPlane, start_together
from sandbox.controlplane.credentials import Grant, MountedToken, mount_credentials, request_token
from sandbox.controlplane.spec import ClusterSpec, Ports, TokenWebhook
from sandbox.pids import birth_of
from sandbox.process import Processes, free_ports

pytestmark = pytest.mark.e2e

SLICES = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?labelSelector=kubernetes.io/service-name=web"
PODS = "/api/v1/namespaces/shop/pods"
WEB_PODS = f"{PODS}?labelSelector=app=web"
DEPLOYMENT = "/apis/apps/v1/namespaces/shop/deployments/web"
ACCOUNT = "/api/v1/namespaces/shop/serviceaccounts/reader"
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
POD_IDENTITY = "pods.eks.amazonaws.com"

WEB = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
"""

OWN_POD = """
apiVersion: v1
kind: Pod
metadata: {name: own, namespace: shop}
spec: {serviceAccountName: reader, containers: [{name: main, image: main}]}
"""

WIDGETS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.test}
spec:
  group: example.test
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
---
apiVersion: example.test/v1
kind: Widget
metadata: {name: first, namespace: default}
"""


@dataclass(frozen=True)
class Lab:
    planes: tuple[ControlPlane, ControlPlane]
    processes: Processes
    binaries: dict[str, Path]


class Reviewer(http.server.BaseHTTPRequestHandler):
    """Answers a TokenReview: the token `eks:NAME` is the user NAME in the group `importers`, nothing else is known."""

    def do_POST(self) -> None:  # noqa: N802 - the name http.server asks for
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


def a_spec(index: int, name: str, folder: Path) -> ClusterSpec:
    return ClusterSpec(name, folder / name, (f"10.{200 + index}.0.0/16",), (f"10.{100 + index}.0.0/16",), audit=True)


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
    folder = tmp_path_factory.mktemp("lab")
    binaries = build((*PROGRAMS, "kubectl"), environ=os.environ, progress=Progress(Console()))  # noqa: TID251 - a door
    specs = (a_spec(1, "a", folder), replace(a_spec(2, "b", folder), token_webhook=reviewer))
    with Processes(folder) as processes:
        one, two = (
            ControlPlane(spec, Ports(*free_ports(6, SystemRandom())), binaries=binaries, processes=processes)
            for spec in specs
        )
        start_together((one, two), processes, now())
        yield Lab((one, two), processes, binaries)


@pytest.fixture(params=[0, 1], ids=["first-cluster", "second-cluster"])
def plane(lab: Lab, request: pytest.FixtureRequest) -> Iterator[ControlPlane]:
    plane = lab.planes[request.param]
    apply(plane.client(), parse(WEB))
    yield plane
    delete(plane.client(), parse(WEB)[2:])
    eventually(lambda: not plane.client().get(WEB_PODS)["items"] and not plane.client().get(SLICES)["items"])


@pytest.fixture
def first(lab: Lab) -> ControlPlane:
    apply(lab.planes[0].client(), parse(WEB)[:2])
    return lab.planes[0]


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - a door


def eventually(holds: Callable[[], bool], *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ready_endpoints(plane: ControlPlane) -> list[dict[str, Any]]:
    slices = plane.client().get(SLICES)["items"]
    return [point for one in slices for point in one["endpoints"] or [] if point["conditions"]["ready"]]


def scale(plane: ControlPlane, replicas: int) -> None:
    plane.client().patch(DEPLOYMENT, {"spec": {"replicas": replicas}})


def test_a_deployment_gets_ready_endpoints_in_every_zone_from_its_clusters_own_addresses(plane: ControlPlane) -> None:
    eventually(lambda: len(ready_endpoints(plane)) == 3)

    points = ready_endpoints(plane)

    assert {point["zone"] for point in points} == set(plane.spec.zones)
    prefix = plane.spec.pod_cidrs[0].removesuffix("0.0/16")
    assert all(address.startswith(prefix) for point in points for address in point["addresses"])
    service = plane.client().get("/api/v1/namespaces/shop/services/web")
    assert service["spec"]["clusterIP"].startswith(plane.spec.service_cidrs[0].removesuffix("0.0/16"))


def test_a_deployment_can_be_scaled_to_zero_and_back(plane: ControlPlane) -> None:
    eventually(lambda: len(ready_endpoints(plane)) == 3)

    scale(plane, 0)
    eventually(lambda: not ready_endpoints(plane) and not plane.client().get(WEB_PODS)["items"])
    scale(plane, 40)
    eventually(lambda: len(ready_endpoints(plane)) == 40)

    addresses = [address for point in ready_endpoints(plane) for address in point["addresses"]]
    assert len(set(addresses)) == 40


def test_readiness_set_by_hand_stays_as_it_is_set(plane: ControlPlane) -> None:
    eventually(lambda: len(ready_endpoints(plane)) == 3)
    pod = plane.client().get(WEB_PODS)["items"][0]["metadata"]["name"]
    unready = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}

    plane.client().patch(f"{PODS}/{pod}/status", unready, content_type="application/strategic-merge-patch+json")

    eventually(lambda: len(ready_endpoints(plane)) == 2)
    scale(plane, 4)
    eventually(lambda: len(ready_endpoints(plane)) == 3)


def test_a_pod_can_be_told_to_take_its_time_to_end(plane: ControlPlane) -> None:
    annotations = {"sandbox.cloudmap-mcs/terminates-after": "3s"}
    plane.client().patch(DEPLOYMENT, {"spec": {"template": {"metadata": {"annotations": annotations}}}})
    eventually(lambda: len(ready_endpoints(plane)) == 3 and len(plane.client().get(WEB_PODS)["items"]) == 3)

    scale(plane, 0)

    def terminating() -> bool:
        points = [point for one in plane.client().get(SLICES)["items"] for point in one["endpoints"] or []]
        return any(point["conditions"]["terminating"] and point["conditions"]["serving"] for point in points)

    eventually(terminating)
    eventually(lambda: not plane.client().get(WEB_PODS)["items"])


def test_kubectl_works_with_the_kubeconfig(lab: Lab, plane: ControlPlane) -> None:
    command = [lab.binaries["kubectl"], "--kubeconfig", plane.kubeconfig, "get", "nodes", "-o", "name"]

    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)

    assert answer.stdout.split() == [f"node/{plane.name}-node-{index}" for index in range(3)]


def test_a_new_kind_and_its_first_object_are_applied_in_one_go_and_deleted_again(first: ControlPlane) -> None:
    client = first.client()
    apply(client, parse(WIDGETS))
    apply(client, parse(WIDGETS))

    assert client.get("/apis/example.test/v1/namespaces/default/widgets/first")["kind"] == "Widget"

    delete(client, parse(WIDGETS))
    delete(client, parse(WIDGETS))
    with pytest.raises(KindNotServedError, match=r"Widget first: .* serves no example\.test/v2 Widget"):
        apply(client, [{"apiVersion": "example.test/v2", "kind": "Widget", "metadata": {"name": "first"}}], timeout=0)


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


def test_a_token_may_be_bound_to_a_pod_and_dies_with_it(first: ControlPlane) -> None:
    client = first.client()
    apply(client, parse(OWN_POD))
    token = request_token(client, Grant("shop", "reader", pod="own"))
    review = {"spec": {"token": token.value}}

    extra = client.create(REVIEWS, review)["status"]["user"]["extra"]
    delete(client, parse(OWN_POD))

    assert extra["authentication.kubernetes.io/pod-name"] == ["own"]
    eventually(lambda: not client.create(REVIEWS, review)["status"].get("authenticated"))


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


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_program_can_be_restarted_alone(lab: Lab, plane: ControlPlane, program: str) -> None:
    eventually(lambda: len(ready_endpoints(plane)) == 3)

    plane.restart(program)
    plane.wait_until_ready()

    scale(plane, 2)
    eventually(lambda: len(ready_endpoints(plane)) == 2, seconds=60)
    assert not lab.processes.ended()


def test_a_stopped_cluster_goes_on_where_it_was_and_leaves_no_process(lab: Lab) -> None:
    plane = lab.planes[0]
    apply(plane.client(), parse(WEB))
    eventually(lambda: len(ready_endpoints(plane)) == 3)
    token = request_token(plane.client(), Grant("shop", "reader")).value
    pids = [child.pid for child in plane.children.values()]

    plane.stop()
    assert [birth_of(pid) for pid in pids] == [None] * len(PROGRAMS)
    again = ControlPlane(
        plane.spec, Ports(*free_ports(6, SystemRandom())), binaries=lab.binaries, processes=lab.processes
    )
    again.start(now())
    try:
        assert again.client().create(REVIEWS, {"spec": {"token": token}})["status"]["authenticated"]
        scale(again, 5)
        eventually(lambda: len(ready_endpoints(again)) == 5)
    finally:
        again.stop()
    plane.start(now())
