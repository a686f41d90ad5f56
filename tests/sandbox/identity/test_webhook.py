"""The webhook as an API server asks it: over TLS, with its cluster's CA."""

import base64
import json
import ssl
import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from sandbox.controlplane.certificates import write_pairs
from sandbox.identity.injecting import Injection
from sandbox.identity.webhook import Admission, WebhookServer, configuration

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Associations:
    """Has one for the watcher."""

    def find(self, namespace: str, account: str) -> str | None:
        return "a-1" if (namespace, account) == ("cloudmap-mcs-system", "watcher") else None


class Unreachable:
    def find(self, namespace: str, account: str) -> str | None:
        raise EndpointConnectionError(endpoint_url=f"http://{namespace}/{account}")


def review(account: str) -> dict[str, Any]:
    # A Pod made by a controller has no namespace of its own yet.
    pod: dict[str, Any] = {"metadata": {"generateName": "watcher-"}, "spec": {"containers": [{"name": "c"}]}}
    if account:
        pod["spec"]["serviceAccountName"] = account
    request = {"uid": "uid-1", "namespace": "cloudmap-mcs-system", "object": pod}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


def admission(associations: Any = None) -> Admission:
    return Admission(associations or Associations(), Injection("http://agent", {}))


@pytest.fixture
def pki(tmp_path: Path) -> Path:
    write_pairs(tmp_path, NOW, addresses=("127.0.0.1",), clients={})
    return tmp_path


@pytest.fixture
def server(pki: Path) -> Iterator[WebhookServer]:
    serving = str(pki / "server.crt"), str(pki / "server.key")
    with WebhookServer(("127.0.0.1", 0), admission(), serving=serving) as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def test_an_api_server_gets_a_patch_over_tls(server: WebhookServer, pki: Path) -> None:
    manifest = configuration(("127.0.0.1", server.server_port), ca=(pki / "ca.crt").read_bytes())
    client = manifest["webhooks"][0]["clientConfig"]
    trusted = ssl.create_default_context(cadata=base64.b64decode(client["caBundle"]).decode())
    request = urllib.request.Request(client["url"], json.dumps(review("watcher")).encode())  # noqa: S310 - ours

    with urllib.request.urlopen(request, context=trusted, timeout=5) as answer:  # noqa: S310 - ours
        response = json.load(answer)["response"]

    assert (response["uid"], response["allowed"], response["patchType"]) == ("uid-1", True, "JSONPatch")
    assert "http://agent" in base64.b64decode(response["patch"]).decode()


@pytest.mark.parametrize("account", ["other", ""])
def test_a_pod_without_an_association_goes_in_as_it_is(account: str) -> None:
    response = admission().answer(review(account))["response"]

    assert response == {"uid": "uid-1", "allowed": True}


def test_without_an_answer_from_aws_a_pod_is_refused_with_the_reason() -> None:
    response = admission(Unreachable()).answer(review("watcher"))["response"]

    assert not response["allowed"]
    assert "Pod Identity associations are not known" in response["status"]["message"]


def test_the_clusters_own_pods_start_without_it() -> None:
    (webhook,) = configuration(("10.66.0.11", 9443), ca=b"")["webhooks"]

    (rule,) = webhook["namespaceSelector"]["matchExpressions"]
    assert (rule["operator"], rule["values"]) == ("NotIn", ["kube-system"])
