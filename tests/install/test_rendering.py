import json
import re
from typing import Any

from cloudmap_mcs.install.rendering import render
from tests.install.settings import an_install

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
DNS_SUBDOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL_KEY = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


def identity(manifest: dict[str, Any]) -> str:
    metadata = manifest["metadata"]
    return " ".join(filter(None, (manifest["kind"], metadata.get("namespace"), metadata["name"])))


def test_everything_comes_in_the_order_in_which_it_can_be_applied() -> None:
    assert [identity(manifest) for manifest in render(an_install())] == [
        "Namespace cloudmap-mcs-system",
        "CustomResourceDefinition clusterproperties.about.k8s.io",
        "CustomResourceDefinition serviceexports.multicluster.x-k8s.io",
        "CustomResourceDefinition serviceimports.multicluster.x-k8s.io",
        "ClusterRole cloudmap-mcs:importer",
        "ClusterRoleBinding cloudmap-mcs:importer",
        "ServiceAccount cloudmap-mcs-system watcher",
        "ClusterRole cloudmap-mcs:watcher",
        "ClusterRoleBinding cloudmap-mcs:watcher",
        "Role cloudmap-mcs-system watcher",
        "RoleBinding cloudmap-mcs-system watcher",
        "ClusterRole cloudmap-mcs:view",
        "ClusterRole cloudmap-mcs:edit",
        "ClusterProperty cluster.clusterset.k8s.io",
        "ClusterProperty clusterset.k8s.io",
        "PodDisruptionBudget cloudmap-mcs-system watcher",
        "Deployment cloudmap-mcs-system watcher",
    ]


def test_cluster_is_told_who_it_is() -> None:
    """KEP-2149, "Well known properties"."""
    properties = [manifest for manifest in render(an_install()) if manifest["kind"] == "ClusterProperty"]

    assert {manifest["metadata"]["name"]: manifest["spec"]["value"] for manifest in properties} == {
        "cluster.clusterset.k8s.io": "east",
        "clusterset.k8s.io": "example",
    }
    assert {manifest["apiVersion"] for manifest in properties} == {"about.k8s.io/v1beta1"}


def test_namespace_refuses_pods_that_are_not_restricted() -> None:
    namespace, *_ = render(an_install())

    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_equal_settings_give_equal_text() -> None:
    assert json.dumps(render(an_install())) == json.dumps(render(an_install()))


def test_manifests_share_no_part_so_that_they_may_be_changed() -> None:
    before = json.dumps(render(an_install()))
    for manifest in render(an_install()):
        _spoil(manifest)

    assert json.dumps(render(an_install())) == before


def test_manifests_of_one_rendering_share_no_part_with_each_other() -> None:
    seen: dict[int, str] = {}
    for manifest in render(an_install()):
        for part in _parts(manifest):
            assert id(part) not in seen, f"{identity(manifest)} shares {part} with {seen[id(part)]}"
            seen[id(part)] = identity(manifest)


def _parts(node: Any) -> list[Any]:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    own = [node] if isinstance(node, dict | list) else []
    return own + [part for child in children for part in _parts(child)]


def _spoil(manifest: dict[str, Any]) -> None:
    for part in _parts(manifest):
        part.clear()


def test_everything_but_the_shared_definitions_carries_our_mark() -> None:
    unmarked = {
        manifest["kind"]
        for manifest in render(an_install())
        if manifest["metadata"].get("labels", {}).get("app.kubernetes.io/managed-by") != "cloudmap-mcs"
    }

    assert unmarked == {"CustomResourceDefinition"}


def test_names_and_labels_are_valid() -> None:
    for manifest in render(an_install()):
        metadata = manifest["metadata"]
        # RBAC's names are path segments: a colon is usual there and only there.
        name = metadata["name"].replace(":", "-") if "rbac" in manifest["apiVersion"] else metadata["name"]
        assert DNS_SUBDOMAIN.fullmatch(name), identity(manifest)
        assert DNS_LABEL.fullmatch(metadata.get("namespace", "none")), identity(manifest)
        for key, value in metadata.get("labels", {}).items():
            assert LABEL_KEY.fullmatch(key), identity(manifest)
            assert LABEL_VALUE.fullmatch(value), identity(manifest)
