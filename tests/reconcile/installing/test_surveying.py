"""What the preflight sees in a cluster, and that it changes nothing."""

from typing import Any

import pytest

from cloudmap_mcs.domain.preflight import Finding, Kind, PreflightError
from cloudmap_mcs.errors import UnreachableError
from cloudmap_mcs.kube.client import Call
from tests.reconcile.installing.rig import EKS, InstallRig, a_wanted
from tests.reconcile.installing.test_definitions_in_place import an_object, of_the_go_controller

ROLES = "rbac.authorization.k8s.io/v1"


@pytest.fixture
def rig() -> InstallRig:
    return InstallRig()


def found(rig: InstallRig, **changes: Any) -> tuple[Finding, ...]:
    before = rig.api.state()
    findings = rig.installer().check(a_wanted(**changes), EKS)
    assert rig.api.state() == before
    return findings


def test_a_stock_cluster_is_fine_before_and_after_an_install(rig: InstallRig) -> None:
    assert found(rig) == ()
    rig.install()
    rig.members.owners["east"] = rig.owner
    assert found(rig) == ()


def test_an_api_server_that_does_not_answer_is_a_finding_among_others(rig: InstallRig) -> None:
    def fail(_: Call) -> None:
        raise UnreachableError("GET /api/v1: timed out")

    rig.api.before = fail

    with pytest.raises(PreflightError, match="timed out") as refused:
        rig.install(a_wanted(cluster="East"))

    assert [finding.kind for finding in refused.value.findings] == [Kind.IDENTITY, Kind.REACHABILITY]


def test_an_answer_that_is_lost_once_is_no_finding(rig: InstallRig) -> None:
    lost = ["GET /api/v1: timed out"]

    def fail(_: Call) -> None:
        if lost:
            raise UnreachableError(lost.pop())

    rig.api.before = fail

    assert found(rig) == ()


def test_a_registry_that_cannot_be_reached_is_a_finding_among_others(rig: InstallRig) -> None:
    rig.members.failure = UnreachableError("could not connect to servicediscovery.eu-west-1")
    rig.api.add({"apiVersion": ROLES, "kind": "ClusterRole", "metadata": {"name": "cloudmap-mcs:view"}, "rules": []})

    with pytest.raises(PreflightError, match="no answer from Cloud Map: could not connect") as refused:
        rig.install()

    assert [finding.kind for finding in refused.value.findings] == [Kind.REACHABILITY, Kind.OWNERSHIP]
    assert rig.api.writes == []


def test_a_registry_that_is_back_after_a_moment_is_no_finding(rig: InstallRig) -> None:
    rig.members.failure = UnreachableError("could not connect to servicediscovery.eu-west-1")
    begun = rig.clock.ms

    def recover(_: str) -> None:
        if rig.clock.ms >= begun + 10_000:
            rig.members.failure = None

    rig.clock.before = recover

    assert found(rig) == ()


def test_everything_in_the_way_is_in_one_answer(rig: InstallRig) -> None:
    metadata = {"name": "cloud-map-mcs-controller-manager", "namespace": "cloud-map-mcs-system"}
    rig.api.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cloud-map-mcs-system"}})
    rig.api.add({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": 1}})
    of_the_go_controller(rig.api)
    rig.api.add(an_object("ServiceImport", "old"))
    rig.api.add({"apiVersion": ROLES, "kind": "ClusterRole", "metadata": {"name": "cloudmap-mcs:view"}, "rules": []})
    value = {"apiVersion": "about.k8s.io/v1alpha1", "kind": "ClusterProperty", "spec": {"value": "elsewhere"}}
    rig.api.add({**value, "metadata": {"name": "clusterset.k8s.io"}})
    rig.members.owners["east"] = "uid-of-another"

    with pytest.raises(PreflightError) as refused:
        rig.install()

    assert [(finding.kind, finding.refuses) for finding in refused.value.findings] == [
        (Kind.IMPLEMENTATION, True),
        (Kind.IMPLEMENTATION, False),
        (Kind.OWNERSHIP, True),
        (Kind.IDENTITY, True),
        (Kind.IDENTITY, True),
    ]
    told = str(refused.value)
    assert "Deployment cloud-map-mcs-system/cloud-map-mcs-controller-manager" in told
    assert "1 ServiceImports bear no mark of ours and are left alone (shop/old)" in told
    assert rig.api.writes == []


def test_an_implementation_that_was_stopped_and_imports_of_ours_are_not_in_the_way(rig: InstallRig) -> None:
    rig.install()
    metadata = {"name": "submariner-lighthouse-agent", "namespace": "submariner-operator"}
    rig.api.add({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "submariner-operator"}})
    rig.api.add({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": 0}})
    ours = an_object("ServiceImport", "cart")
    ours["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "cloudmap-mcs"}
    rig.api.add(ours)

    assert found(rig) == ()


def test_without_pod_identity_agent_the_install_is_refused(rig: InstallRig) -> None:
    hosting = EKS.__class__(name="prod-east", authentication_mode="API", version="1.34")
    metadata = {"name": "eks-pod-identity-agent", "namespace": "kube-system"}

    (finding,) = rig.installer().check(a_wanted(), hosting)
    rig.api.add({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": metadata, "spec": {"x": 1}})

    assert finding.kind is Kind.CREDENTIALS
    assert rig.installer().check(a_wanted(), hosting) == ()


def test_gke_style_exports_are_told_of(rig: InstallRig) -> None:
    names = {"plural": "serviceexports", "kind": "ServiceExport"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {}}
    spec = {"group": "net.gke.io", "scope": "Namespaced", "names": names, "versions": [version]}
    metadata = {"name": "serviceexports.net.gke.io"}
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": spec,
    }
    rig.api.add({**crd, "status": {"conditions": [{"type": "Established", "status": "True"}]}})

    (finding,) = found(rig)

    assert (finding.kind, finding.refuses) == (Kind.IMPLEMENTATION, False)
