"""The admission webhook that an API server asks about every new Pod (admission.k8s.io/v1), over TLS."""

from __future__ import annotations

import base64
import json
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.identity.listening import Listener

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.identity.injecting import Injection

NAME: Final = "pod-identity-webhook.amazonaws.com"
PATH: Final = "/mutate"
_TIMEOUT_SECONDS: Final = 10


class Associating(Protocol):
    """Who knows which ServiceAccounts have an association; `session.Associations` is one."""

    def find(self, namespace: str, account: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Admission:
    """Lets every Pod in; one of a ServiceAccount that has an association at this moment gets its identity.

    If AWS does not answer the Pod is refused, and whoever made it is told why.
    """

    associations: Associating
    injection: Injection

    def answer(self, review: Mapping[str, Any]) -> dict[str, Any]:
        """Return the AdmissionReview that answers one for a new Pod."""
        request = review["request"]
        pod, response = request["object"], {"uid": request["uid"], "allowed": True}
        try:
            if self.associations.find(request["namespace"], pod["spec"].get("serviceAccountName") or "default"):
                patch = json.dumps(self.injection.patch(pod)).encode()
                response |= {"patchType": "JSONPatch", "patch": base64.b64encode(patch).decode()}
        except (ClientError, BotoCoreError) as error:
            what = f"the Pod Identity associations are not known: {error}"
            response |= {"allowed": False, "status": {"code": HTTPStatus.SERVICE_UNAVAILABLE, "message": what}}
        return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}


class _Handler(BaseHTTPRequestHandler):
    server: WebhookServer

    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        data = json.dumps(self.server.admission.answer(review)).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class WebhookServer(Listener):
    """Listens at a host and port, 0 for a free one, with a certificate and its key."""

    def __init__(self, address: tuple[str, int], admission: Admission, *, serving: tuple[str, str]) -> None:
        super().__init__(address, _Handler)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*serving)
        # The handshake is left to the thread of the request.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.admission = admission


def configuration(address: tuple[str, int], *, ca: bytes) -> dict[str, Any]:
    """Return the manifest that makes an API server ask; `ca` is PEM.

    EKS lets Pods in if its webhook fails. Here they are refused: a watcher without credentials would be noticed late,
    and far from the reason. The cluster's own Pods need no AWS and start without it.
    """
    client = {"url": f"https://{address[0]}:{address[1]}{PATH}", "caBundle": base64.b64encode(ca).decode()}
    pods = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    system = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system"]}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "pod-identity-webhook"},
        "webhooks": [
            {
                "name": NAME,
                "clientConfig": client,
                "rules": [pods],
                "namespaceSelector": {"matchExpressions": [system]},
                "failurePolicy": "Fail",
                "timeoutSeconds": _TIMEOUT_SECONDS,
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }
        ],
    }
