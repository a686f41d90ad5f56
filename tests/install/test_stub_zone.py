"""The CoreDNS of our own: what it may do, how it is confined, and that it answers for one zone only."""

from typing import Any

import pytest

from cloudmap_mcs.domain.installation import DnsMode, reference, rights_in
from cloudmap_mcs.install import dns
from cloudmap_mcs.install.caddyfile import parse
from cloudmap_mcs.install.corefile import is_enabled, supports_multicluster
from cloudmap_mcs.install.rendering import parts
from cloudmap_mcs.install.stub_zone import StubZone, stub_zone_manifests
from tests.install.settings import an_install
from tests.install.test_rbac import table

KINDS = [
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "ConfigMap",
    "PodDisruptionBudget",
    "Service",
    "Deployment",
]


def found(kind: str, **changes: Any) -> dict[str, Any]:
    (manifest,) = [each for each in stub_zone_manifests(StubZone(**changes)) if each["kind"] == kind]
    return manifest


def pod(**changes: Any) -> dict[str, Any]:
    spec: dict[str, Any] = found("Deployment", **changes)["spec"]["template"]["spec"]
    return spec


def container(**changes: Any) -> dict[str, Any]:
    (only,) = pod(**changes)["containers"]
    return dict(only)


def test_rights_and_corefile_come_before_the_pods_and_pods_last() -> None:
    assert [manifest["kind"] for manifest in stub_zone_manifests(StubZone())] == KINDS


def test_they_are_part_of_an_install_in_that_mode_only() -> None:
    for mode in DnsMode:
        expected = stub_zone_manifests(StubZone()) if mode is DnsMode.STUB_ZONE else ()
        assert parts(an_install(dns=mode)).dns == expected
        assert set(map(str, map(reference, expected))) <= set(map(str, map(reference, parts(an_install(dns=mode)).own)))


def test_whoever_removes_it_knows_all_that_it_is_made_of() -> None:
    changed = StubZone(image="mirror.example.com/coredns:v2.0.0", replicas=5, priority_class="")

    assert dns.own_dns() == tuple(map(reference, stub_zone_manifests(changed)))


def test_it_may_read_what_the_plugin_reflects_and_nothing_else() -> None:
    """CoreDNS 1.14, plugin/kubernetes/controller.go: each of these is listed and watched before it is ready."""
    role, binding = found("ClusterRole"), found("ClusterRoleBinding")

    assert table(role) == {
        "multicluster.x-k8s.io/serviceimports": "list watch",
        "discovery.k8s.io/endpointslices": "list watch",
        "/services": "list watch",
        "/namespaces": "list watch",
    }
    assert len(rights_in(role)) == 8
    assert binding["roleRef"]["name"] == role["metadata"]["name"] == "cloudmap-mcs:clusterset-dns"
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "clusterset-dns", "namespace": "cloudmap-mcs-system"}
    ]


def test_its_corefile_serves_the_clustersets_zone_and_no_other() -> None:
    corefile = found("ConfigMap")["data"]["Corefile"]
    (server,) = parse(corefile).blocks

    assert [key.text for key in server.keys] == ["clusterset.local:1053"]
    assert is_enabled(corefile)
    assert not {"forward", "loop", "import"} & {directive.name.text for directive in server.directives}


def test_the_image_can_do_what_is_asked_of_it() -> None:
    assert supports_multicluster(container()["image"].rpartition(":")[2])


def test_no_port_needs_a_privilege_and_the_service_leads_there() -> None:
    named = {(port["name"], port["protocol"]): port["containerPort"] for port in container()["ports"]}
    service = found("Service")["spec"]

    assert min(named.values()) > 1023
    assert [(port["port"], named[port["targetPort"], port["protocol"]]) for port in service["ports"]] == [
        (53, 1053),
        (53, 1053),
    ]
    assert service["ipFamilyPolicy"] == "PreferDualStack"
    assert "clusterIP" not in service


def test_the_service_is_no_import_of_ours() -> None:
    """The importer and the uninstall look for derived Services by these two labels."""
    labels = found("Service")["metadata"]["labels"]

    assert labels["app.kubernetes.io/managed-by"] == "cloudmap-mcs"
    assert "multicluster.kubernetes.io/service-name" not in labels


def test_pod_is_restricted() -> None:
    """Pod Security Standards, "Restricted": all capabilities go, and the one that may come back is needed.

    CoreDNS's image has it on its file as effective, so the kernel refuses to start it without (capabilities(7)).
    """
    assert pod()["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "fsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
    }
    assert container()["resources"].keys() == {"requests", "limits"}


def test_probes_ask_where_the_corefile_answers() -> None:
    corefile = found("ConfigMap")["data"]["Corefile"]
    asked = {name: value["httpGet"] for name, value in container().items() if name.endswith("Probe")}

    assert asked == {
        "livenessProbe": {"path": "/health", "port": 8080},
        "readinessProbe": {"path": "/ready", "port": 8181},
    }
    assert "health :8080 {" in corefile
    assert "ready :8181\n" in corefile


def test_it_never_asks_the_dns_that_asks_it() -> None:
    assert pod()["dnsPolicy"] == "Default"
    assert "k8s-app" not in found("Deployment")["metadata"]["labels"]


def test_selectors_find_the_pods_and_pods_are_spread() -> None:
    workload = found("Deployment")["spec"]
    selector = workload["selector"]["matchLabels"]

    assert selector.items() <= workload["template"]["metadata"]["labels"].items()
    assert found("Service")["spec"]["selector"] == selector
    assert found("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == selector
    constraints = pod()["topologySpreadConstraints"]
    assert [each["topologyKey"] for each in constraints] == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
    assert [each["labelSelector"]["matchLabels"] for each in constraints] == [selector, selector]
    assert selector["app.kubernetes.io/component"] != "watcher"


def test_one_goes_at_a_time_and_none_before_another_is_ready() -> None:
    assert found("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    assert found("Deployment")["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        pytest.param({}, ("registry.k8s.io/coredns/coredns:v1.13.1", 2, "system-cluster-critical"), id="default"),
        pytest.param(
            {"image": "mirror.example.com/c:v1.14.0", "replicas": 3, "priority_class": "platform"},
            ("mirror.example.com/c:v1.14.0", 3, "platform"),
            id="other",
        ),
        pytest.param({"priority_class": ""}, ("registry.k8s.io/coredns/coredns:v1.13.1", 2, None), id="no-class"),
    ],
)
def test_image_replicas_and_priority_are_settings(setting: dict[str, Any], expected: tuple[Any, ...]) -> None:
    replicas = found("Deployment", **setting)["spec"]["replicas"]

    assert (container(**setting)["image"], replicas, pod(**setting).get("priorityClassName")) == expected


def test_another_corefile_would_roll_the_pods(monkeypatch: pytest.MonkeyPatch) -> None:
    before = found("Deployment")["spec"]["template"]["metadata"]["annotations"]
    monkeypatch.setattr("cloudmap_mcs.install.stub_zone.COREFILE", "clusterset.local {\n}\n")

    assert found("Deployment")["spec"]["template"]["metadata"]["annotations"] != before
