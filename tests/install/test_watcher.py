from typing import Any

import pytest

from cloudmap_mcs.install.bundle import LAMBDA_PYTHON_IMAGE, Bundle, OwnImage
from cloudmap_mcs.install.watcher import WatcherDeployment, environment, watcher_manifests
from tests.install.settings import A_BUNDLE, a_watcher

OWN = OwnImage(image="registry.example.com/watcher:1")
any_code = pytest.mark.parametrize("code", [A_BUNDLE, OWN], ids=["bundle", "own-image"])


def deployment(watcher: WatcherDeployment) -> dict[str, Any]:
    return next(manifest for manifest in watcher_manifests(watcher) if manifest["kind"] == "Deployment")


def pod(watcher: WatcherDeployment) -> dict[str, Any]:
    spec: dict[str, Any] = deployment(watcher)["spec"]["template"]["spec"]
    return spec


def containers(watcher: WatcherDeployment) -> list[dict[str, Any]]:
    spec = pod(watcher)
    return [*spec.get("initContainers", []), *spec["containers"]]


@any_code
def test_pod_runs_as_nobody_under_the_runtimes_seccomp_profile(code: Bundle | OwnImage) -> None:
    """Pod Security Standards, "Restricted"."""
    assert pod(a_watcher(code=code))["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "fsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


@any_code
def test_every_container_is_confined_and_bounded(code: Bundle | OwnImage) -> None:
    for container in containers(a_watcher(code=code)):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert container["resources"]["limits"].keys() == {"memory"}


@any_code
def test_every_volume_is_bounded_and_every_mount_has_one(code: Bundle | OwnImage) -> None:
    watcher = a_watcher(code=code)
    volumes = {volume["name"]: volume["emptyDir"]["sizeLimit"] for volume in pod(watcher)["volumes"]}
    mounted = {mount["name"] for container in containers(watcher) for mount in container["volumeMounts"]}

    assert all(volumes.values())
    assert mounted == volumes.keys()


def test_watcher_gets_its_settings() -> None:
    container = pod(a_watcher(log_level="DEBUG", health_port=9000))["containers"][0]

    assert {variable["name"]: variable.get("value") for variable in container["env"]} == {
        "MCS_CLUSTERSET": "example",
        "MCS_MEMBERS": "east,west",
        "MCS_NAMESPACE_ID": "ns-abcdefghijklmnop",
        "MCS_BUS_ARN": "arn:aws:events:us-east-1:123456789012:event-bus/cloudmap-mcs-example",
        "MCS_HUB_REGION": "us-east-1",
        "MCS_RESYNC_SECONDS": "300",
        "MCS_LOG_LEVEL": "DEBUG",
        "MCS_HEALTH_PORT": "9000",
        "POD_NAME": None,
        "PYTHONPATH": "/app:/var/runtime",
    }
    assert container["command"] == ["python3", "-m", "cloudmap_mcs.watcher"]


def test_environment_is_what_the_container_gets_apart_from_the_pods_own() -> None:
    container = pod(a_watcher())["containers"][0]
    given = {variable["name"]: variable["value"] for variable in container["env"] if "value" in variable}

    assert given == environment(a_watcher()) | {"PYTHONPATH": "/app:/var/runtime"}


def test_bundle_is_fetched_before_the_watcher_starts_and_is_read_only_for_it() -> None:
    spec = pod(a_watcher())
    (fetch,) = spec["initContainers"]
    (watcher,) = spec["containers"]

    assert fetch["image"] == watcher["image"] == LAMBDA_PYTHON_IMAGE
    assert {"name": "app", "mountPath": "/app"} in fetch["volumeMounts"]
    assert {"name": "app", "mountPath": "/app", "readOnly": True} in watcher["volumeMounts"]


def test_own_image_needs_nothing_fetched() -> None:
    spec = pod(a_watcher(code=OWN))

    assert "initContainers" not in spec
    assert spec["containers"][0]["image"] == "registry.example.com/watcher:1"
    assert "PYTHONPATH" not in [variable["name"] for variable in spec["containers"][0]["env"]]


def test_other_code_rolls_the_deployment() -> None:
    newer = Bundle(region=A_BUNDLE.region, bucket=A_BUNDLE.bucket, arm64=A_BUNDLE.amd64, amd64=A_BUNDLE.amd64)

    assert pod(a_watcher()) == pod(a_watcher())
    assert pod(a_watcher(code=newer)) != pod(a_watcher())


def test_probes_ask_the_health_port() -> None:
    container = pod(a_watcher(health_port=9000))["containers"][0]

    assert container["ports"] == [{"name": "health", "containerPort": 9000, "protocol": "TCP"}]
    assert {name: value["httpGet"] for name, value in container.items() if name.endswith("Probe")} == {
        "startupProbe": {"path": "/livez", "port": "health"},
        "livenessProbe": {"path": "/livez", "port": "health"},
        "readinessProbe": {"path": "/readyz", "port": "health"},
    }


def test_selectors_find_the_pods_and_hold_nothing_that_may_change() -> None:
    budget, workload = watcher_manifests(a_watcher())
    selector = workload["spec"]["selector"]["matchLabels"]
    constraints = workload["spec"]["template"]["spec"]["topologySpreadConstraints"]

    assert selector == {"app.kubernetes.io/name": "cloudmap-mcs", "app.kubernetes.io/component": "watcher"}
    assert selector.items() <= workload["spec"]["template"]["metadata"]["labels"].items()
    assert budget["spec"]["selector"]["matchLabels"] == selector
    assert [constraint["labelSelector"]["matchLabels"] for constraint in constraints] == [selector, selector]


def test_a_standby_takes_over_before_the_old_one_goes() -> None:
    spec = deployment(a_watcher(replicas=3))["spec"]

    assert spec["replicas"] == 3
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_node_can_always_be_drained() -> None:
    budget, _ = watcher_manifests(a_watcher(replicas=1))

    assert budget["spec"]["maxUnavailable"] == 1
    assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


@pytest.mark.parametrize(
    ("setting", "expected"),
    [("system-cluster-critical", "system-cluster-critical"), ("platform", "platform"), ("", None)],
    ids=["default", "another", "none"],
)
def test_priority_class_is_a_setting(setting: str, expected: str | None) -> None:
    assert pod(a_watcher(priority_class=setting)).get("priorityClassName") == expected


def test_default_priority_keeps_the_watcher_when_others_are_evicted() -> None:
    assert pod(a_watcher())["priorityClassName"] == "system-cluster-critical"


def test_token_goes_to_our_pod_by_request() -> None:
    spec = pod(a_watcher())

    assert (spec["serviceAccountName"], spec["automountServiceAccountToken"]) == ("watcher", True)
