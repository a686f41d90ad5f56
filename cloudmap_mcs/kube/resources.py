"""The API paths of the kinds that we use: known, so never discovered."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from cloudmap_mcs.domain.model import ServiceKey

MCS_VERSION: Final = "multicluster.x-k8s.io/v1beta1"
"""What we write; v1alpha1 stays served for readers such as CoreDNS."""

ABOUT_VERSION: Final = "about.k8s.io/v1beta1"
SLICE_VERSION: Final = "discovery.k8s.io/v1"
LEASE_VERSION: Final = "coordination.k8s.io/v1"


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind as the API server serves it; `version` is the `apiVersion` of its manifests."""

    version: str
    plural: str
    kind: str
    is_namespaced: bool = True

    @property
    def everywhere(self) -> str:
        """Path of the collection in the whole cluster."""
        return f"{self._root}/{self.plural}"

    def within(self, namespace: str) -> str:
        """Path of the collection in one namespace."""
        return f"{self._root}/namespaces/{quote(namespace, safe='')}/{self.plural}"

    def path(self, name: str, *, namespace: str = "") -> str:
        """Path of one object."""
        collection = self.within(namespace) if self.is_namespaced else self.everywhere
        return f"{collection}/{quote(name, safe='')}"

    def of(self, key: ServiceKey) -> str:
        """Path of the object with a key's name in its namespace."""
        return self.path(key.name, namespace=key.namespace)

    @property
    def _root(self) -> str:
        return f"/apis/{self.version}" if "/" in self.version else f"/api/{self.version}"


NAMESPACES: Final = Resource("v1", "namespaces", "Namespace", is_namespaced=False)
SERVICES: Final = Resource("v1", "services", "Service")
ENDPOINT_SLICES: Final = Resource(SLICE_VERSION, "endpointslices", "EndpointSlice")
SERVICE_EXPORTS: Final = Resource(MCS_VERSION, "serviceexports", "ServiceExport")
SERVICE_IMPORTS: Final = Resource(MCS_VERSION, "serviceimports", "ServiceImport")
CLUSTER_PROPERTIES: Final = Resource(ABOUT_VERSION, "clusterproperties", "ClusterProperty", is_namespaced=False)
LEASES: Final = Resource(LEASE_VERSION, "leases", "Lease")
