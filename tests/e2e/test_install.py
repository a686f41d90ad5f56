"""What we install, on a real control plane of its own: `control_plane` is a started and otherwise unused cluster."""

from typing import Any

import pytest

from cloudmap_mcs.install.rendering import render
from sandbox.controlplane.applying import apply
from sandbox.controlplane.client import ApiRefusedError, KubeClient
from sandbox.controlplane.cluster import ControlPlane
from tests.e2e.waiting import eventually
from tests.install.settings import an_install

pytestmark = pytest.mark.e2e

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
DEPLOYMENT = "/apis/apps/v1/namespaces/cloudmap-mcs-system/deployments/watcher"
PODS = "/api/v1/namespaces/cloudmap-mcs-system/pods"

IMPORTER = {"user": "arn:aws:sts::123456789012:assumed-role/importer/x", "groups": ["cloudmap-mcs:importer"]}
WATCHER = {"user": "system:serviceaccount:cloudmap-mcs-system:watcher", "groups": ["system:serviceaccounts"]}


@pytest.fixture
def client(control_plane: ControlPlane) -> KubeClient:
    client = control_plane.client()
    apply(client, render(an_install()))
    return client


def may(client: KubeClient, who: dict[str, Any], verb: str, resource: str, namespace: str = "default") -> bool:
    """`resource` is group/resource or group/resource/subresource."""
    group, name, *rest = resource.split("/")
    wanted = {"verb": verb, "group": group, "resource": name, "namespace": namespace, "subresource": "".join(rest)}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {**who, "resourceAttributes": wanted},
    }
    return bool(client.create(REVIEWS, review)["status"]["allowed"])


def test_definitions_are_established_and_conform_to_policy(client: KubeClient) -> None:
    for name in ("serviceexports.multicluster.x-k8s.io", "serviceimports.multicluster.x-k8s.io"):
        assert conditions(client, name) == {"NamesAccepted": "True", "Established": "True"}
    assert conditions(client, "clusterproperties.about.k8s.io") == {
        "NamesAccepted": "True",
        "Established": "True",
        "KubernetesAPIApprovalPolicyConformant": "True",
    }


def conditions(client: KubeClient, crd: str) -> dict[str, str]:
    eventually(f"{crd} gets a verdict", lambda: len(client.get(f"{CRDS}/{crd}")["status"].get("conditions", [])) > 1)
    return {entry["type"]: entry["status"] for entry in client.get(f"{CRDS}/{crd}")["status"]["conditions"]}


@pytest.mark.parametrize("version", ["v1alpha1", "v1beta1"])
def test_both_versions_are_served(client: KubeClient, version: str) -> None:
    identity = client.get(f"/apis/about.k8s.io/{version}/clusterproperties/cluster.clusterset.k8s.io")
    mcs = client.get(f"/apis/multicluster.x-k8s.io/{version}")

    assert identity["spec"] == {"value": "east"}
    assert {resource["name"] for resource in mcs["resources"]} == {
        "serviceexports",
        "serviceexports/status",
        "serviceimports",
        "serviceimports/status",
    }


def test_applying_again_changes_nothing(client: KubeClient) -> None:
    paths = [f"{CRDS}/serviceimports.multicluster.x-k8s.io", f"{ROLES}/cloudmap-mcs:importer", DEPLOYMENT]
    before = [_spec_state(client.get(path)) for path in paths]

    apply(client, render(an_install()))

    assert [_spec_state(client.get(path)) for path in paths] == before


def _spec_state(found: dict[str, Any]) -> tuple[object, ...]:
    metadata = found["metadata"]
    return metadata["uid"], metadata.get("generation"), found.get("spec"), found.get("rules"), metadata.get("labels")


def test_restricted_namespace_admits_the_watchers_pods_and_no_laxer_ones(client: KubeClient) -> None:
    eventually(
        "the watcher's pods come up",
        lambda: client.get(DEPLOYMENT).get("status", {}).get("availableReplicas") == 2,
    )
    pod = client.get(DEPLOYMENT)["spec"]["template"] | {"apiVersion": "v1", "kind": "Pod"}
    pod["metadata"] = {"name": "lax"}
    pod["spec"]["containers"][0]["securityContext"]["capabilities"] = {}

    with pytest.raises(ApiRefusedError, match='violates PodSecurity "restricted'):
        client.create(PODS, pod)


def test_importer_and_watcher_may_do_their_work_and_no_more(client: KubeClient) -> None:
    for resource in ("multicluster.x-k8s.io/serviceimports", "/services", "discovery.k8s.io/endpointslices"):
        assert [verb for verb in ("create", "update", "patch", "delete") if may(client, IMPORTER, verb, resource)] == [
            "create",
            "update",
            "delete",
        ]
        assert not may(client, WATCHER, "create", resource)
    for who in (IMPORTER, WATCHER):
        assert may(client, who, "patch", "multicluster.x-k8s.io/serviceexports/status")
        assert not may(client, who, "patch", "multicluster.x-k8s.io/serviceexports")
        assert not may(client, who, "list", "/secrets")
    assert may(client, WATCHER, "update", "coordination.k8s.io/leases", "cloudmap-mcs-system")
    assert not may(client, WATCHER, "update", "coordination.k8s.io/leases")


@pytest.mark.parametrize(
    ("role", "writes_exports"),
    [("cluster-admin", True), ("admin", True), ("edit", True), ("view", False)],
)
def test_built_in_roles_gain_exports_but_never_the_writing_of_imports(
    client: KubeClient, role: str, writes_exports: bool
) -> None:
    exports, imports = "multicluster.x-k8s.io/serviceexports", "multicluster.x-k8s.io/serviceimports"
    who = bound_to(client, role)

    eventually(f"{role} gains our rights", lambda: may(client, who, "watch", imports))
    assert may(client, who, "watch", exports)
    assert may(client, who, "create", exports) is writes_exports
    assert may(client, who, "create", imports) is (role == "cluster-admin")


def bound_to(client: KubeClient, role: str) -> dict[str, Any]:
    """Somebody with a built-in role in the namespace `default`."""
    user = f"somebody-with-{role}"
    group = "rbac.authorization.k8s.io"
    binding = {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": user, "namespace": "default"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
    }
    apply(client, [binding])
    return {"user": user}
