from typing import Any

import pytest

from sandbox.attached.checks import Intent, check
from sandbox.attached.contexts import Context
from sandbox.controlplane.client import ApiRefusedError
from sandbox.errors import SandboxError

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
PROPERTIES = "/apis/about.k8s.io/v1beta1/clusterproperties"
EXPORTS = "serviceexports.multicluster.x-k8s.io"
INTENT = Intent("demo", {EXPORTS: frozenset({"v1alpha1", "v1beta1"})}, ("shop",))


class Cluster:
    """Has kube-system and whatever else a test puts there."""

    def __init__(self, uid: str = "uid-a", *, allowed: bool = True) -> None:
        self.objects: dict[str, dict[str, Any]] = {"/api/v1/namespaces/kube-system": {"metadata": {"uid": uid}}}
        self.allowed = allowed

    def get(self, path: str) -> dict[str, Any]:
        if path not in self.objects:
            raise ApiRefusedError(404, path, "not found")
        return self.objects[path]

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        assert path.endswith("/selfsubjectaccessreviews")
        assert body["kind"] == "SelfSubjectAccessReview"
        return {"status": {"allowed": self.allowed}}


def a_context(name: str = "kind-a") -> Context:
    return Context(name, name, "https://127.0.0.1:1", b"")


def of(value: str) -> dict[str, Any]:
    return {"spec": {"value": value}}


def served(*versions: str) -> dict[str, Any]:
    return {"spec": {"versions": [{"name": name} for name in versions]}}


@pytest.mark.parametrize(
    ("path", "found", "complaint"),
    [
        (f"{PROPERTIES}/cluster.clusterset.k8s.io", of("prod"), "is 'prod', the sandbox would make it 'kind-a'"),
        (f"{PROPERTIES}/clusterset.k8s.io", of("prod"), "is 'prod', the sandbox would make it 'demo'"),
        (f"{CRDS}/{EXPORTS}", served("v1beta1", "v2"), "has v2, which the one of the sandbox has not"),
        ("/api/v1/namespaces/shop", {}, "has a namespace shop already"),
    ],
    ids=["other-id", "other-clusterset", "newer-definition", "namespace-of-the-demo"],
)
def test_a_cluster_that_belongs_to_something_else_is_refused(path: str, found: dict[str, Any], complaint: str) -> None:
    cluster = Cluster()
    cluster.objects[path] = found

    with pytest.raises(SandboxError, match=f"kind-a.* {complaint}"):
        check([(a_context(), cluster)], INTENT)


def test_a_cluster_that_was_attached_before_is_taken_again() -> None:
    cluster = Cluster()
    cluster.objects |= {
        f"{PROPERTIES}/cluster.clusterset.k8s.io": of("kind-a"),
        f"{PROPERTIES}/clusterset.k8s.io": of("demo"),
        f"{CRDS}/{EXPORTS}": served("v1alpha1"),
    }

    check([(a_context(), cluster)], INTENT)


def test_only_an_administrator_may_attach() -> None:
    with pytest.raises(SandboxError, match="no cluster administrator"):
        check([(a_context(), Cluster(allowed=False))], INTENT)


def test_one_cluster_under_two_names_is_refused() -> None:
    with pytest.raises(SandboxError, match="kind-a and kind-b are the same cluster"):
        check([(a_context("kind-a"), Cluster()), (a_context("kind-b"), Cluster())], INTENT)


def test_a_refusal_by_the_api_server_names_the_context() -> None:
    cluster = Cluster()
    cluster.objects.clear()

    with pytest.raises(SandboxError, match=r"context kind-a: .*404"):
        check([(a_context(), cluster)], INTENT)
