"""Objects and waiting for the tests of the Kubernetes adapter."""

from typing import Any

from cloudmap_mcs.domain import names
from cloudmap_mcs.domain.imports import DerivedService, ImportedSlice, Note, ServiceImport
from cloudmap_mcs.domain.model import ClusterId, Endpoint, Family, Port, Protocol, ServiceKey, ServiceType

MCS = "/apis/multicluster.x-k8s.io/v1beta1"
PORTS = (Port("http", Protocol.TCP, 80, "http"), Port("dns", Protocol.UDP, 53))


def an_export_in(namespace: str, name: str) -> dict[str, Any]:
    return {
        "apiVersion": "multicluster.x-k8s.io/v1beta1",
        "kind": "ServiceExport",
        "metadata": {"namespace": namespace, "name": name},
    }


def a_derived_service(key: ServiceKey, **fields: Any) -> DerivedService:
    defaults: dict[str, Any] = {
        "name": names.derived_service(key),
        "type": ServiceType.CLUSTER_SET_IP,
        "ports": PORTS,
        "asks": frozenset({Family.IPV4}),
    }
    return DerivedService(key, **(defaults | fields))


def an_import(key: ServiceKey, **fields: Any) -> ServiceImport:
    defaults: dict[str, Any] = {
        "type": ServiceType.CLUSTER_SET_IP,
        "ports": PORTS,
        "ips": ("10.101.200.1",),
        "families": (Family.IPV4,),
        "labels": (("team", "web"),),
        "annotations": (("note", "any text"),),
        "notes": (Note(ClusterId("a"), 7, "srv-1"),),
    }
    return ServiceImport(key, **(defaults | fields))


def an_imported_slice(key: ServiceKey, source_slice: str = "web-abc", **fields: Any) -> ImportedSlice:
    source = ClusterId("a")
    defaults: dict[str, Any] = {
        "name": names.imported_slice(key, source, source_slice),
        "source": source,
        "source_slice": source_slice,
        "family": Family.IPV4,
        "ports": (Port("http", Protocol.TCP, 8080, "http"),),
        "endpoints": (
            Endpoint("10.1.0.1", hostname="web-0", zone="us-east-1a"),
            Endpoint("10.1.0.2", ready=False, serving=True, terminating=True, node="own-node", zone="us-east-1b"),
        ),
        "generation": 7,
        "service_id": "srv-1",
    }
    return ImportedSlice(key, **(defaults | fields))


def services(key: ServiceKey) -> str:
    return f"/api/v1/namespaces/{key.namespace}/services"


def slices(key: ServiceKey) -> str:
    return f"/apis/discovery.k8s.io/v1/namespaces/{key.namespace}/endpointslices"


def imports(key: ServiceKey) -> str:
    return f"{MCS}/namespaces/{key.namespace}/serviceimports"
