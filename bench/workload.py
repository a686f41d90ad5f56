"""What the measures write into the exporting cluster: selector-less Services, slices of their own making, exports.

Nobody but us manages these slices, so one write is one change. Addresses are made up; nothing listens on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.domain.wellknown import LABEL_KUBE_SERVICE_NAME, LABEL_SLICE_MANAGED_BY
from cloudmap_mcs.kube.manifests.derived_service import is_derived
from cloudmap_mcs.kube.resources import (
    ENDPOINT_SLICES,
    NAMESPACES,
    SERVICE_EXPORTS,
    SERVICE_IMPORTS,
    SERVICES,
    Resource,
)
from sandbox.controlplane.client import ApiRefusedError, KubeClient
from sandbox.sandbox import Member

NAMESPACE: Final = "bench"
WATCHED: Final = (SERVICES, ENDPOINT_SLICES, SERVICE_EXPORTS, SERVICE_IMPORTS)
_ZONES: Final = ("us-east-1a", "us-east-1b", "us-east-1c")


@dataclass(frozen=True, slots=True)
class Backend:
    """One endpoint of a Service."""

    address: str
    is_ready: bool = True


def backends(count: int, *, start: int = 0) -> tuple[Backend, ...]:
    """Make ready endpoints with addresses that follow each other."""
    return tuple(Backend(f"10.{40 + n // 62500}.{n // 250 % 250}.{n % 250 + 1}") for n in range(start, start + count))


@dataclass(frozen=True, slots=True)
class Source:
    """The exporting cluster, as its administrator."""

    client: KubeClient

    @classmethod
    def of(cls, member: Member) -> Source:
        return cls(KubeClient(member.server, member.ca, certificate=(member.certificate, member.key)))

    def make_namespace(self) -> None:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        try:
            self.client.create(NAMESPACES.everywhere, body)
        except ApiRefusedError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise

    def make_service(self, name: str, endpoints: Sequence[Backend]) -> None:
        """Make a Service without selector, and its slice."""
        self._create(SERVICES, name, {"spec": {"ports": [{"name": "http", "port": 80, "targetPort": 8080}]}})
        body = {
            "metadata": {"labels": {LABEL_KUBE_SERVICE_NAME: name, LABEL_SLICE_MANAGED_BY: "bench"}},
            "addressType": "IPv4",
            "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
            "endpoints": _endpoints(endpoints),
        }
        self._create(ENDPOINT_SLICES, name, body)

    def set_endpoints(self, name: str, endpoints: Sequence[Backend]) -> None:
        """Replace the endpoints of a Service in one write."""
        self.client.patch(_path(ENDPOINT_SLICES, name), {"endpoints": _endpoints(endpoints)})

    def export(self, name: str) -> None:
        self._create(SERVICE_EXPORTS, name, {})

    def unexport(self, name: str) -> None:
        self.client.delete(_path(SERVICE_EXPORTS, name))

    def services(self) -> list[str]:
        """Return the names of all Services of the bench but the derived ones."""
        return [item["metadata"]["name"] for item in self._list(SERVICES) if not is_derived(item)]

    def exports(self) -> dict[str, dict[str, Any]]:
        """Return all ServiceExports of the bench, by name."""
        return {item["metadata"]["name"]: item for item in self._list(SERVICE_EXPORTS)}

    def _list(self, resource: Resource) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.client.get(resource.within(NAMESPACE))["items"]
        return items

    def _create(self, resource: Resource, name: str, body: dict[str, Any]) -> None:
        metadata = {"name": name, "namespace": NAMESPACE, **body.get("metadata", {})}
        manifest = {"apiVersion": resource.version, "kind": resource.kind, **body, "metadata": metadata}
        self.client.create(resource.within(NAMESPACE), manifest)


def _path(resource: Resource, name: str) -> str:
    return resource.of(ServiceKey(NAMESPACE, name))


def _endpoints(endpoints: Sequence[Backend]) -> list[dict[str, Any]]:
    return [
        {
            "addresses": [item.address],
            "conditions": {"ready": item.is_ready, "serving": item.is_ready, "terminating": False},
            "nodeName": f"ip-10-0-{_node(item)}-10.ec2.internal",
            "zone": _ZONES[_node(item)],
        }
        for item in endpoints
    ]


def _node(item: Backend) -> int:
    return int(item.address.rpartition(".")[2]) % len(_ZONES)
