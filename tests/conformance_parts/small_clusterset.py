"""An implementation in memory that does what specs look at, and shows it as it is told to: right, or with a mistake."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.conformance.objects import HELLO, Manifest
from tests.conformance.observing import MANAGED_BY, SERVICE_NAME, SOURCE_CLUSTER
from tests.conformance.trial import Trial
from tests.conformance_parts.clock import Clock
from tests.conformance_parts.small_cluster import SmallCluster, small_cluster

ADDRESSES = ("10.201.0.5", "10.201.0.6")

_KEPT = ("name", "protocol", "port", "appProtocol")


@dataclass
class SmallClusterset:
    """Two clusters. After each change all is shown anew, then spoiled by `mistake`."""

    mistake: Callable[["SmallClusterset"], None] = lambda _: None
    clusters: tuple[SmallCluster, SmallCluster] = field(
        default_factory=lambda: (small_cluster("first"), small_cluster("second"))
    )
    exporters: list[SmallCluster] = field(default_factory=list)

    def __post_init__(self) -> None:
        for cluster in self.clusters:
            cluster.changed[0] = self.show

    @property
    def first(self) -> SmallCluster:
        return self.clusters[0]

    @property
    def second(self) -> SmallCluster:
        return self.clusters[1]

    def trial(self) -> Trial:
        return Trial(self.clusters, "shop", "clusterset.local", Clock().waiting())

    def show(self) -> None:
        exporting = [one for one in self.clusters if one.of("ServiceExport") and one.of("Service")]
        self.exporters = [one for one in self.exporters if one in exporting]
        self.exporters += [one for one in exporting if one not in self.exporters]
        for cluster in self.clusters:
            cluster.drop("ServiceImport")
            cluster.drop("EndpointSlice")
            cluster.names.clear()
            if self.exporters:
                cluster.put(_service_import(self.exporters))
            for source in self.exporters:
                _add_endpoints(cluster, source)
        for cluster in self.exporters:
            status = "True" if any(_offer(cluster) != _offer(other) for other in self.exporters) else "False"
            conflict = {"type": "Conflict", "status": status, "reason": "Because"}
            cluster.of("ServiceExport")[0]["status"] = {"conditions": [conflict]}
        self.mistake(self)

    def imports(self) -> list[Manifest]:
        """Give all imports, for spoiling."""
        return [one for cluster in self.clusters for one in cluster.of("ServiceImport")]

    def slices(self) -> list[Manifest]:
        """Give all slices, for spoiling."""
        return [one for cluster in self.clusters for one in cluster.of("EndpointSlice")]


def _offer(cluster: SmallCluster) -> Manifest:
    """What exports can differ in."""
    (service,), (export,) = cluster.of("Service"), cluster.of("ServiceExport")
    return {"service": service["spec"], "export": export.get("spec", {})}


def _service_import(exporters: list[SmallCluster]) -> Manifest:
    oldest = _offer(exporters[0])
    ports: dict[str, Manifest] = {}
    for cluster in exporters:
        for port in _offer(cluster)["service"]["ports"]:
            ports.setdefault(port["name"], {name: port[name] for name in _KEPT if name in port})
    labels, annotations = (dict(oldest["export"].get(f"exported{kind}", {})) for kind in ("Labels", "Annotations"))
    return {
        "kind": "ServiceImport",
        "metadata": {"name": HELLO, "labels": labels, "annotations": annotations},
        "spec": {
            "type": "Headless" if oldest["service"].get("clusterIP") == "None" else "ClusterSetIP",
            "ports": list(ports.values()),
            "ipFamilies": ["IPv4"],
        },
        "status": {"endpointSliceObjects": "Present"},
    }


def _add_endpoints(cluster: SmallCluster, source: SmallCluster) -> None:
    """Show the source's endpoints in a cluster, as a slice and by their names."""
    points = [
        {"addresses": [address], "conditions": {"ready": True}, "hostname": f"{HELLO}-ss-{number}"}
        for number, address in enumerate(ADDRESSES)
    ]
    labels = {SERVICE_NAME: HELLO, SOURCE_CLUSTER: source.cluster_id(), MANAGED_BY: "somebody"}
    cluster.put(
        {
            "kind": "EndpointSlice",
            "metadata": {"name": f"{HELLO}-{source.name}", "labels": labels},
            "addressType": "IPv4",
            "endpoints": points,
        }
    )
    for point in points:
        cluster.names[pod_name(f"{point['hostname']}", source.cluster_id())] = list(point["addresses"])


def pod_name(hostname: str, cluster_id: str) -> str:
    return f"{hostname}.{cluster_id}.{HELLO}.shop.svc.clusterset.local"
