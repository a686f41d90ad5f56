"""Definitions that are there already: adopted, upgraded in place with their objects, never downgraded."""

import copy
from typing import Any

import pytest

from cloudmap_mcs.domain.preflight import PreflightError
from cloudmap_mcs.errors import PermanentError, StaleError
from cloudmap_mcs.install.crds import custom_resource_definitions
from cloudmap_mcs.kube.client import Call
from tests.fakes.api_server import InMemoryApiServer
from tests.reconcile.installing.rig import InstallRig

IMPORTS, EXPORTS = "serviceimports.multicluster.x-k8s.io", "serviceexports.multicluster.x-k8s.io"
CRD = "CustomResourceDefinition"


@pytest.fixture
def rig() -> InstallRig:
    return InstallRig()


def a_definition(
    name: str, *versions: str, release: str = "", storage: str = "", status: bool = True
) -> dict[str, Any]:
    """Ours with other versions and labels, as another tool would have made it."""
    found = next(copy.deepcopy(crd) for crd in custom_resource_definitions() if crd["metadata"]["name"] == name)
    labels = {"multicluster.x-k8s.io/release-version": release, "multicluster.x-k8s.io/crd-schema-revision": "0"}
    found["metadata"]["labels"] = labels if release else {}
    base = found["spec"]["versions"][0]
    subresources: dict[str, Any] = {"status": {}} if status else {}
    found["spec"]["versions"] = [
        {**base, "name": version, "storage": version == (storage or versions[-1]), "subresources": subresources}
        for version in versions
    ]
    return found


def of_the_go_controller(api: InMemoryApiServer) -> None:
    """Its release 0.3.1: one version, no status subresource, no labels; and one export and import of a user."""
    api.add(a_definition(IMPORTS, "v1alpha1", status=False), a_definition(EXPORTS, "v1alpha1", status=False))
    api.add(a_definition("clusterproperties.about.k8s.io", "v1alpha1", status=False))
    for name in (IMPORTS, EXPORTS, "clusterproperties.about.k8s.io"):
        raw = api.raw(CRD, name)
        assert raw is not None
        raw["status"]["conditions"] = [{"type": "Established", "status": "True"}]
    for number in range(3):
        api.add(an_object("ServiceExport", f"cart-{number}"))


def an_object(kind: str, name: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "multicluster.x-k8s.io/v1alpha1", "kind": kind, "metadata": metadata}


def test_the_go_controllers_definitions_are_upgraded_with_the_objects_stored_in_them(rig: InstallRig) -> None:
    of_the_go_controller(rig.api)
    uid = rig.seen("ServiceExport", "cart-0", "shop")["metadata"]["uid"]

    rig.install()

    for name in (IMPORTS, EXPORTS, "clusterproperties.about.k8s.io"):
        definition = rig.seen(CRD, name)
        assert [version["name"] for version in definition["spec"]["versions"]] == ["v1alpha1", "v1beta1"]
        assert all(version["subresources"] == {"status": {}} for version in definition["spec"]["versions"])
        assert definition["status"]["storedVersions"] == ["v1beta1"]
    exports = [held for place, held in rig.api.objects.items() if place[1] == "serviceexports"]
    assert [held.stored_in for held in exports] == ["v1beta1"] * 3
    assert rig.seen("ServiceExport", "cart-0", "shop")["metadata"]["uid"] == uid


def test_an_upgrade_that_was_interrupted_while_objects_were_rewritten_is_finished_by_the_next_run(
    rig: InstallRig,
) -> None:
    of_the_go_controller(rig.api)

    def fail(call: Call) -> None:
        if call.verb == "PUT" and call.path.endswith("cart-1"):
            raise RuntimeError

    rig.api.before = fail
    with pytest.raises(RuntimeError):
        rig.install()
    assert rig.seen(CRD, EXPORTS)["status"]["storedVersions"] == ["v1alpha1", "v1beta1"]
    rig.api.before = lambda _: None

    rig.install()

    assert rig.seen(CRD, EXPORTS)["status"]["storedVersions"] == ["v1beta1"]


def test_an_object_that_changes_while_it_is_rewritten_is_stored_anew_by_whoever_changed_it(rig: InstallRig) -> None:
    of_the_go_controller(rig.api)

    def change(call: Call) -> None:
        if call.verb == "PUT" and call.path.endswith("cart-1"):
            raise StaleError("changed")

    rig.api.before = change

    rig.install()

    assert rig.seen(CRD, EXPORTS)["status"]["storedVersions"] == ["v1beta1"]


@pytest.mark.parametrize(
    ("release", "versions"),
    [
        pytest.param("v0.6.0", ("v1alpha1", "v1beta1"), id="newer"),
        pytest.param("v0.5.2", ("v1alpha1", "v1beta1"), id="same"),
        pytest.param("main", ("v1alpha1", "v1beta1"), id="cannot-be-compared"),
        pytest.param("v0.4.0", ("v1alpha1", "v1beta1", "v1"), id="has-a-version-of-its-own"),
    ],
)
def test_somebody_elses_definition_that_serves_what_we_need_is_left_alone(
    rig: InstallRig, release: str, versions: tuple[str, ...]
) -> None:
    rig.api.add(a_definition(IMPORTS, *versions, release=release))
    rig.seen(CRD, IMPORTS)["status"]["storedVersions"] = list(versions)
    before = copy.deepcopy(rig.seen(CRD, IMPORTS)["spec"])

    rig.install()

    assert rig.seen(CRD, IMPORTS)["spec"] == before
    assert rig.seen(CRD, IMPORTS)["status"]["storedVersions"] == list(versions)
    assert not any(IMPORTS in action for action in rig.api.writes)


def test_a_newer_definition_that_does_not_serve_what_we_need_is_refused_before_anything_changes(
    rig: InstallRig,
) -> None:
    rig.api.add(a_definition(IMPORTS, "v1beta1", "v1", release="v1.0.0"))

    with pytest.raises(PreflightError, match=rf"{IMPORTS}: it is not older than ours, and does not serve v1alpha1"):
        rig.install()

    assert rig.api.writes == []


def test_our_own_definition_is_repaired(rig: InstallRig) -> None:
    rig.install()
    damaged = copy.deepcopy(rig.seen(CRD, IMPORTS)["spec"]["versions"])
    damaged[0]["schema"] = {"openAPIV3Schema": {"type": "object"}}
    rig.api.add(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": CRD,
            "metadata": {"name": IMPORTS},
            "spec": {"versions": damaged},
        }
    )

    rig.install()

    (ours,) = [crd for crd in custom_resource_definitions() if crd["metadata"]["name"] == IMPORTS]
    assert rig.seen(CRD, IMPORTS)["spec"]["versions"] == ours["spec"]["versions"]


def test_a_definition_on_its_way_out_is_waited_for_and_made_anew(rig: InstallRig) -> None:
    rig.api.add(a_definition(IMPORTS, "v1beta1", "v1", release="v1.0.0"))
    rig.seen(CRD, IMPORTS)["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    rig.api.objects["apiextensions.k8s.io", "customresourcedefinitions", "", IMPORTS].lingers = 6

    rig.install()

    assert "deletionTimestamp" not in rig.seen(CRD, IMPORTS)["metadata"]
    assert rig.seen(CRD, IMPORTS)["metadata"]["labels"]["multicluster.x-k8s.io/release-version"] == "v0.5.2"


def test_a_definition_that_becomes_newer_after_the_preflight_is_not_downgraded(rig: InstallRig) -> None:
    def appear(call: Call) -> None:
        if call.verb == "PATCH" and call.path.endswith(EXPORTS):
            rig.api.before = lambda _: None
            rig.api.add(a_definition(IMPORTS, "v1beta1", "v1", release="v1.0.0"))

    rig.api.before = appear

    with pytest.raises(PermanentError, match=f"{IMPORTS}: it is not older than ours"):
        rig.install()

    assert [version["name"] for version in rig.seen(CRD, IMPORTS)["spec"]["versions"]] == ["v1beta1", "v1"]
