import copy
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from cloudmap_mcs.install.crds import custom_resource_definitions
from sandbox.binaries.toolchain import build_environment, find_go
from tests.install.structure import digest, structure

UPSTREAM = Path(__file__).parent / "upstream"
FROM_MCS_API = ("serviceexports.multicluster.x-k8s.io", "serviceimports.multicluster.x-k8s.io")


def ours(name: str) -> dict[str, Any]:
    return {crd["metadata"]["name"]: crd for crd in custom_resource_definitions()}[name]


@pytest.mark.parametrize("name", FROM_MCS_API)
def test_definition_has_the_structure_that_was_compared_with_upstream(name: str) -> None:
    """The digests are those of mcs-api's own files; the end-to-end test below compares with the files themselves."""
    compared = json.loads((UPSTREAM / "structure.json").read_text())

    assert digest(ours(name)) == compared["sha256"][name]


@pytest.mark.e2e
@pytest.mark.parametrize("name", FROM_MCS_API)
def test_definition_equals_the_one_in_the_pinned_go_module(name: str) -> None:
    compared = json.loads((UPSTREAM / "structure.json").read_text())
    module = _download(compared["module"])
    plural, _, group = name.partition(".")
    upstream = yaml.safe_load((Path(module["Dir"]) / "config" / "crd" / f"{group}_{plural}.yaml").read_text())

    assert module["Version"] == compared["version"]
    assert structure(ours(name)) == structure(upstream)
    assert digest(upstream) == compared["sha256"][name]


def _download(module: str) -> dict[str, str]:
    environ = os.environ  # noqa: TID251 -- go needs the user's caches and proxy
    command = [str(find_go(environ).path), "mod", "download", "-json", module]
    answer = subprocess.run(
        command, cwd=UPSTREAM, env=build_environment(environ), capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr + answer.stdout
    found: dict[str, str] = json.loads(answer.stdout)
    return found


PROPERTY_SCHEMA = {
    "type": "object",
    "properties": {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
        "spec": {
            "type": "object",
            "required": ["value"],
            "properties": {"value": {"type": "string", "minLength": 1}},
        },
        "status": {"type": "object"},
    },
}


def test_cluster_property_is_about_apis() -> None:
    """about-api (kubernetes-sigs), config/crd: no Go module of it is published, so its structure is written down."""
    columns = [
        {"name": "value", "type": "string", "jsonPath": ".spec.value"},
        {"name": "age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]
    version = {
        "served": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": columns,
        "schema": {"openAPIV3Schema": PROPERTY_SCHEMA},
    }
    names = {
        "plural": "clusterproperties",
        "singular": "clusterproperty",
        "kind": "ClusterProperty",
        "listKind": "ClusterPropertyList",
        "categories": ["multicluster"],
    }

    assert structure(ours("clusterproperties.about.k8s.io"))["spec"] == {
        "group": "about.k8s.io",
        "scope": "Cluster",
        "names": names,
        "versions": [
            {"name": "v1alpha1", "storage": False, **version},
            {"name": "v1beta1", "storage": True, **version},
        ],
    }


def test_only_the_definition_in_a_protected_group_names_its_approval() -> None:
    """The API server marks a definition below k8s.io without this annotation as not conforming to policy."""
    annotated = {crd["metadata"]["name"]: crd["metadata"].get("annotations") for crd in custom_resource_definitions()}

    assert annotated == {
        "clusterproperties.about.k8s.io": {
            "api-approved.kubernetes.io": "https://github.com/kubernetes/enhancements/pull/3084"
        },
        "serviceexports.multicluster.x-k8s.io": None,
        "serviceimports.multicluster.x-k8s.io": None,
    }


def test_every_field_says_what_it_is() -> None:
    for crd in custom_resource_definitions():
        for version in crd["spec"]["versions"]:
            fields = version["schema"]["openAPIV3Schema"]["properties"]
            assert list(_undescribed(fields, "")) == [".metadata"], crd["metadata"]["name"]


def _undescribed(fields: dict[str, Any], path: str) -> list[str]:
    missing = []
    for name, field in fields.items():
        here = f"{path}.{name}"
        missing += [] if field.get("description") else [here]
        inner = field.get("properties", {}) | field.get("items", {}).get("properties", {})
        missing += _undescribed(inner, here)
    return missing


def _version(crd: dict[str, Any]) -> Any:
    return crd["spec"]["versions"][0]


def _status(crd: dict[str, Any]) -> Any:
    return _version(crd)["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda crd: _version(crd).update(served=False), id="version-not-served"),
        pytest.param(lambda crd: _version(crd).update(storage=True), id="other-storage-version"),
        pytest.param(lambda crd: _version(crd)["subresources"].clear(), id="no-status-subresource"),
        pytest.param(lambda crd: _version(crd)["additionalPrinterColumns"].pop(), id="printer-column"),
        pytest.param(lambda crd: crd["spec"]["names"]["shortNames"].pop(), id="short-name"),
        pytest.param(lambda crd: crd["metadata"]["labels"].clear(), id="labels"),
        pytest.param(lambda crd: _status(crd)["clusters"].update({"x-kubernetes-list-type": "set"}), id="list-type"),
        pytest.param(lambda crd: _status(crd)["endpointSliceObjects"]["enum"].pop(), id="enum"),
        pytest.param(lambda crd: _status(crd).pop("conditions"), id="field"),
        pytest.param(lambda crd: _status(crd).update(description={"type": "string"}), id="field-called-description"),
    ],
)
def test_comparison_notices(damage: Callable[[dict[str, Any]], object]) -> None:
    damaged = copy.deepcopy(ours(FROM_MCS_API[1]))
    damage(damaged)

    assert digest(damaged) != digest(ours(FROM_MCS_API[1]))


def test_comparison_overlooks_wording() -> None:
    reworded = copy.deepcopy(ours(FROM_MCS_API[1]))
    _status(reworded)["conditions"]["description"] = "Other words."
    _version(reworded)["additionalPrinterColumns"][0]["description"] = "Other words."

    assert digest(reworded) == digest(ours(FROM_MCS_API[1]))
