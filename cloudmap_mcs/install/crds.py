"""The CustomResourceDefinitions, equal in structure to mcs-api v0.5.2 and about-api.

Both versions of each API are served, because CoreDNS reads v1alpha1 while the specification is at v1beta1.
Their schemas are the same, so no conversion is needed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cloudmap_mcs.domain.definitions import LABEL_RELEASE, LABEL_REVISION
from cloudmap_mcs.install import schemas
from cloudmap_mcs.install.names import ABOUT_GROUP, MCS_GROUP, Manifest

MCS_API_VERSION = "v0.5.2"

# The API server refuses CRDs in groups below k8s.io that do not name the review that approved them.
_APPROVAL = {"api-approved.kubernetes.io": "https://github.com/kubernetes/enhancements/pull/3084"}
_RELEASE = {LABEL_RELEASE: MCS_API_VERSION, LABEL_REVISION: "0"}

_STORAGE_VERSION = "v1beta1"
_SERVED_VERSIONS = ("v1alpha1", _STORAGE_VERSION)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    name: str
    path: str
    type: str = "string"
    description: str | None = None

    def manifest(self) -> Manifest:
        column = {"name": self.name, "type": self.type, "jsonPath": self.path}
        return column if self.description is None else column | {"description": self.description}


def custom_resource_definitions() -> tuple[Manifest, ...]:
    """Return ClusterProperty's, ServiceExport's and ServiceImport's definition."""
    return (_cluster_property(), _service_export(), _service_import())


def _cluster_property() -> Manifest:
    columns = (
        _Column(name="value", path=".spec.value"),
        _Column(name="age", path=".metadata.creationTimestamp", type="date"),
    )
    return {
        **_definition("clusterproperties", ABOUT_GROUP, annotations=_APPROVAL),
        "spec": {
            "group": ABOUT_GROUP,
            "scope": "Cluster",
            "names": {
                "plural": "clusterproperties",
                "singular": "clusterproperty",
                "kind": "ClusterProperty",
                "listKind": "ClusterPropertyList",
                "categories": ["multicluster"],
            },
            "versions": _versions(schemas.cluster_property, columns),
        },
    }


def _service_export() -> Manifest:
    columns = (_Column(name="Age", path=".metadata.creationTimestamp", type="date"),)
    return {
        **_definition("serviceexports", MCS_GROUP, labels=_RELEASE),
        "spec": {
            "group": MCS_GROUP,
            "scope": "Namespaced",
            "names": {
                "plural": "serviceexports",
                "singular": "serviceexport",
                "kind": "ServiceExport",
                "shortNames": ["svcex", "svcexport"],
            },
            "versions": _versions(schemas.service_export, columns),
        },
    }


def _service_import() -> Manifest:
    columns = (
        _Column(name="Type", path=".spec.type", description="ClusterSetIP or Headless"),
        _Column(name="IP", path=".spec.ips", description="The virtual IPs of the service in this cluster"),
        _Column(name="Age", path=".metadata.creationTimestamp", type="date"),
    )
    return {
        **_definition("serviceimports", MCS_GROUP, labels=_RELEASE),
        "spec": {
            "group": MCS_GROUP,
            "scope": "Namespaced",
            "names": {
                "plural": "serviceimports",
                "singular": "serviceimport",
                "kind": "ServiceImport",
                "shortNames": ["svcim", "svcimport"],
            },
            "versions": _versions(schemas.service_import, columns),
        },
    }


def _definition(plural: str, group: str, **metadata: dict[str, str]) -> Manifest:
    # The definitions do not carry our own mark: other tools share them, and they stay when we leave.
    texts = {kind: dict(values) for kind, values in metadata.items()}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}", **texts},
    }


def _versions(schema: Callable[[], schemas.Schema], columns: tuple[_Column, ...]) -> list[Manifest]:
    return [
        {
            "name": version,
            "served": True,
            "storage": version == _STORAGE_VERSION,
            "subresources": {"status": {}},
            "additionalPrinterColumns": [column.manifest() for column in columns],
            "schema": {"openAPIV3Schema": schema()},
        }
        for version in _SERVED_VERSIONS
    ]
