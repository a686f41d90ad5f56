"""The cluster's own objects, reflected: what the exporting reconcile observes, and which keys to look at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cloudmap_mcs.domain.conditions import Condition
from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.domain.offers import ExportSeen, ServiceSeen
from cloudmap_mcs.domain.wellknown import LABEL_KUBE_SERVICE_NAME, LABEL_SOURCE_CLUSTER
from cloudmap_mcs.kube.client import KubeClient
from cloudmap_mcs.kube.exports import PropertySeen, SliceSeen, export_seen, property_seen, service_seen, slice_seen
from cloudmap_mcs.kube.home import HomeCluster
from cloudmap_mcs.kube.namespaces import NamespaceSeen, namespace_seen
from cloudmap_mcs.kube.reflector import Chance, Interest, Reflector
from cloudmap_mcs.kube.resources import CLUSTER_PROPERTIES, ENDPOINT_SLICES, NAMESPACES, SERVICE_EXPORTS, SERVICES
from cloudmap_mcs.ports import Offered


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who is told: `key` of a service that may have changed, `identity` when a ClusterProperty did.

    And `namespace` of one that appeared: it is there now and not being deleted, and it was not before.
    """

    key: Callable[[ServiceKey], None]
    identity: Callable[[], None]
    namespace: Callable[[str], None]


class ReflectedCluster:
    """ExportingCluster over reflectors. Services without a ServiceExport are held, but nobody is told of them."""

    def __init__(self, client: KubeClient, home: HomeCluster, listeners: Listeners, chance: Chance) -> None:
        self._home = home
        self._listeners = listeners
        imported = f"!{LABEL_SOURCE_CLUSTER},{LABEL_KUBE_SERVICE_NAME}"

        def reflect(interest: Interest[Any, Any], changed: Callable[[Any], None]) -> Reflector[Any, Any]:
            return Reflector(client, interest, changed=changed, chance=chance)

        self.exports: Reflector[ServiceKey, ExportSeen] = reflect(
            Interest(SERVICE_EXPORTS.everywhere, export_seen, lambda seen: seen.key), listeners.key
        )
        self.services: Reflector[ServiceKey, ServiceSeen] = reflect(
            Interest(SERVICES.everywhere, service_seen, lambda seen: seen.key), self._if_exported
        )
        self.slices: Reflector[ServiceKey, SliceSeen] = reflect(
            Interest(ENDPOINT_SLICES.everywhere, slice_seen, lambda seen: seen.key, imported), self._if_exported
        )
        self.properties: Reflector[str, PropertySeen] = reflect(
            Interest(CLUSTER_PROPERTIES.everywhere, property_seen, lambda seen: seen.name),
            lambda _: listeners.identity(),
        )
        self.namespaces: Reflector[str, NamespaceSeen] = reflect(
            Interest(NAMESPACES.everywhere, namespace_seen, lambda seen: seen.name), self._if_appeared
        )

    @property
    def reflectors(self) -> tuple[Reflector[Any, Any], ...]:
        return self.properties, self.services, self.slices, self.exports, self.namespaces

    def start(self) -> None:
        for reflector in self.reflectors:
            reflector.start()

    def stop(self) -> None:
        for reflector in self.reflectors:
            reflector.stop()

    @property
    def is_synced(self) -> bool:
        """Say whether all that exports are made of was read.

        Namespaces are not among that: a watcher that may not list them yet, because it was upgraded before its rights,
        goes on exporting.
        """
        return all(kind.is_synced for kind in (self.properties, self.services, self.slices, self.exports))

    @property
    def unsynced(self) -> dict[str, str]:
        """Say what has not been read yet, by kind, and why if a try failed."""
        kinds = (CLUSTER_PROPERTIES, SERVICES, ENDPOINT_SLICES, SERVICE_EXPORTS, NAMESPACES)
        pairs = zip(kinds, self.reflectors, strict=True)
        return {kind.plural: str(held.last_failure or "") for kind, held in pairs if not held.is_synced}

    def offered(self, key: ServiceKey) -> Offered:
        export, service = self.exports.get(key), self.services.get(key)
        return Offered(
            export=export[0] if export else None,
            service=service[0] if service else None,
            slices=tuple(seen.slice for seen in self.slices.get(key)),
        )

    def write_conditions(self, export: ExportSeen, conditions: Sequence[Condition]) -> None:
        self._home.write_conditions(export, conditions)

    def identity(self) -> dict[str, str]:
        """Give the ClusterProperties by name."""
        names = self.properties.keys()
        return {name: seen.value for name in names for seen in self.properties.get(name)}

    def _if_exported(self, key: ServiceKey) -> None:
        if self.exports.get(key):
            self._listeners.key(key)

    def _if_appeared(self, namespace: str) -> None:
        """Leave the first list out: it says what is there, not what appeared."""
        if self.namespaces.is_synced and self.namespaces.get(namespace):
            self._listeners.namespace(namespace)
