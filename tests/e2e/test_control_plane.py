"""What the demo and every other end-to-end test stand on: workloads on two real control planes."""

import subprocess
from collections.abc import Iterator
from random import SystemRandom

import pytest

from sandbox.controlplane.applying import KindNotServedError, apply, delete, parse
from sandbox.controlplane.cluster import PROGRAMS, ControlPlane
from sandbox.controlplane.credentials import Grant, request_token
from sandbox.controlplane.spec import Ports
from sandbox.pids import birth_of
from sandbox.process import free_ports
from tests.e2e.clusters import (
    DEPLOYMENT,
    PODS,
    REVIEWS,
    SLICES,
    WEB,
    WEB_PODS,
    Lab,
    now,
    ready_endpoints,
    running_lab,
    scale,
)
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.e2e

WIDGETS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.test}
spec:
  group: example.test
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
apiVersion: example.test/v1
kind: Widget
metadata: {name: first, namespace: default}
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture(params=[0, 1], ids=["first-cluster", "second-cluster"])
def plane(lab: Lab, request: pytest.FixtureRequest) -> Iterator[ControlPlane]:
    plane = lab.planes[request.param]
    apply(plane.client(), parse(WEB))
    yield plane
    delete(plane.client(), parse(WEB)[2:])
    eventually(
        "nothing is left", lambda: not plane.client().get(WEB_PODS)["items"] and not plane.client().get(SLICES)["items"]
    )


def test_a_deployment_gets_ready_endpoints_in_every_zone_from_its_clusters_own_addresses(plane: ControlPlane) -> None:
    eventually("3 ready endpoints", lambda: len(ready_endpoints(plane)) == 3)

    points = ready_endpoints(plane)

    assert {point["zone"] for point in points} == set(plane.spec.zones)
    prefix = plane.spec.pod_cidrs[0].removesuffix("0.0/16")
    assert all(address.startswith(prefix) for point in points for address in point["addresses"])
    service = plane.client().get("/api/v1/namespaces/shop/services/web")
    assert service["spec"]["clusterIP"].startswith(plane.spec.service_cidrs[0].removesuffix("0.0/16"))


def test_a_deployment_can_be_scaled_to_zero_and_back(plane: ControlPlane) -> None:
    eventually("3 ready endpoints", lambda: len(ready_endpoints(plane)) == 3)

    scale(plane, 0)
    eventually("all pods are gone", lambda: not ready_endpoints(plane) and not plane.client().get(WEB_PODS)["items"])
    scale(plane, 40)
    eventually("40 ready endpoints", lambda: len(ready_endpoints(plane)) == 40)

    addresses = [address for point in ready_endpoints(plane) for address in point["addresses"]]
    assert len(set(addresses)) == 40


def test_readiness_set_by_hand_stays_as_it_is_set(plane: ControlPlane) -> None:
    eventually("3 ready endpoints", lambda: len(ready_endpoints(plane)) == 3)
    pod = plane.client().get(WEB_PODS)["items"][0]["metadata"]["name"]
    unready = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}

    plane.client().patch(f"{PODS}/{pod}/status", unready, content_type="application/strategic-merge-patch+json")

    eventually("2 ready endpoints", lambda: len(ready_endpoints(plane)) == 2)
    scale(plane, 4)
    eventually("3 ready endpoints", lambda: len(ready_endpoints(plane)) == 3)


def test_a_pod_can_be_told_to_take_its_time_to_end(plane: ControlPlane) -> None:
    annotations = {"sandbox.cloudmap-mcs/terminates-after": "3s"}
    plane.client().patch(DEPLOYMENT, {"spec": {"template": {"metadata": {"annotations": annotations}}}})
    eventually(
        "3 pods and endpoints",
        lambda: len(ready_endpoints(plane)) == 3 and len(plane.client().get(WEB_PODS)["items"]) == 3,
    )

    scale(plane, 0)

    def terminating() -> bool:
        points = [point for one in plane.client().get(SLICES)["items"] for point in one["endpoints"] or []]
        return any(point["conditions"]["terminating"] and point["conditions"]["serving"] for point in points)

    eventually("terminating endpoints", terminating)
    eventually("the pods are gone", lambda: not plane.client().get(WEB_PODS)["items"])


def test_kubectl_works_with_the_kubeconfig(lab: Lab, plane: ControlPlane) -> None:
    command = [str(lab.binaries["kubectl"]), "--kubeconfig", str(plane.kubeconfig), "get", "nodes", "-o", "name"]

    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)

    assert answer.stdout.split() == [f"node/{plane.name}-node-{index}" for index in range(3)]


def test_a_new_kind_and_its_first_object_are_applied_in_one_go_and_deleted_again(lab: Lab) -> None:
    client = lab.planes[0].client()
    apply(client, parse(WIDGETS))
    apply(client, parse(WIDGETS))

    assert client.get("/apis/example.test/v1/namespaces/default/widgets/first")["kind"] == "Widget"

    delete(client, parse(WIDGETS))
    delete(client, parse(WIDGETS))
    with pytest.raises(KindNotServedError, match=r"Widget first: .* serves no example\.test/v2 Widget"):
        apply(client, [{"apiVersion": "example.test/v2", "kind": "Widget", "metadata": {"name": "first"}}], timeout=0)


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_program_can_be_restarted_alone(lab: Lab, plane: ControlPlane, program: str) -> None:
    eventually("3 ready endpoints", lambda: len(ready_endpoints(plane)) == 3)

    plane.restart(program)
    plane.wait_until_ready()

    scale(plane, 2)
    eventually("2 ready endpoints", lambda: len(ready_endpoints(plane)) == 2, seconds=60)
    assert not lab.processes.ended()


def test_a_stopped_cluster_goes_on_where_it_was_and_leaves_no_process(lab: Lab) -> None:
    plane = lab.planes[0]
    apply(plane.client(), parse(WEB))
    eventually("3 ready endpoints", lambda: len(ready_endpoints(plane)) == 3)
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
        eventually("5 ready endpoints", lambda: len(ready_endpoints(again)) == 5)
    finally:
        again.stop()
    plane.start(now())
