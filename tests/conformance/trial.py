"""One namespace, the same in all clusters, and what a spec does in it before it looks."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from tests.conformance.clusters import Cluster
from tests.conformance.objects import HELLO, REQUEST, Offer, hello_export, request_pod
from tests.conformance.verdicts import need
from tests.conformance.waiting import IMPORT_SECONDS, OLDER_SECONDS, POD_SECONDS, SLOW_POLL, Waiting


@dataclass(frozen=True, slots=True)
class Trial:
    """A spec's place in one or more clusters; the first one is always the first to export."""

    clusters: tuple[Cluster, ...]
    namespace: str
    dns_domain: str
    waiting: Waiting

    @property
    def first(self) -> Cluster:
        return self.clusters[0]

    @property
    def second(self) -> Cluster:
        return self.clusters[1]

    @property
    def service_name(self) -> str:
        """The service's name in the clusterset, without a final dot."""
        return f"{HELLO}.{self.namespace}.svc.{self.dns_domain}"

    @property
    def local_name(self) -> str:
        """The service's name in its own cluster, which keeps its meaning (KEP-1645, DNS)."""
        return f"{HELLO}.{self.namespace}.svc.cluster.local"

    def open(self) -> None:
        for cluster in self.clusters:
            manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}}
            cluster.create(manifest)

    def close(self) -> None:
        """Have the namespace deleted everywhere; does not wait for its end."""
        for cluster in self.clusters:
            cluster.delete("Namespace", self.namespace)

    def start(self, offer: Offer | None = None) -> None:
        """Begin as every spec does: workload and Service in the first cluster, request pods running in all, export."""
        made = offer or Offer()
        self.deploy(self.first, made)
        self.start_request_pods(self.clusters)
        if made.export is not None:
            self.first.create(made.export, self.namespace)

    def deploy(self, cluster: Cluster, offer: Offer) -> None:
        """Create workload and Service, no export."""
        if offer.workload is not None:
            cluster.create(offer.workload, self.namespace)
        cluster.create(offer.service, self.namespace)

    def offer(self, cluster: Cluster, offer: Offer | None = None) -> None:
        """Create workload, Service and export in a further cluster, at once."""
        made = offer or Offer()
        self.deploy(cluster, made)
        if made.export is not None:
            cluster.create(made.export, self.namespace)

    def offer_later(self, cluster: Cluster, offer: Offer | None = None) -> None:
        """Offer in a further cluster when the first one's export is the oldest beyond doubt, and already imported."""
        missing = f"there is no ServiceImport in cluster {self.first.name}"
        self.waiting.within(
            IMPORT_SECONDS, lambda: need(self.first.find("ServiceImport", HELLO, self.namespace), missing)
        )
        self.waiting.sleep(OLDER_SECONDS)
        self.offer(cluster, offer)

    def export(self, cluster: Cluster) -> None:
        cluster.create(hello_export(), self.namespace)

    def unexport(self, cluster: Cluster) -> None:
        cluster.delete("ServiceExport", HELLO, self.namespace)

    def start_request_pods(self, clusters: Iterable[Cluster]) -> None:
        """Start the pod that commands run in, and wait until it does."""
        asked = tuple(clusters)
        for cluster in asked:
            cluster.create(request_pod(), self.namespace)
        for cluster in asked:
            self.waiting.within(POD_SECONDS, partial(self._asks, cluster), every=SLOW_POLL)

    def run(self, cluster: Cluster, script: str) -> str:
        """Run a shell command in the request pod of a cluster; empty when it fails in any way."""
        return cluster.run(REQUEST, self.namespace, script)

    def _asks(self, cluster: Cluster) -> None:
        pod = cluster.find("Pod", REQUEST, self.namespace) or {}
        phase = pod.get("status", {}).get("phase", "absent")
        need(phase == "Running", f"the request pod in cluster {cluster.name} is {phase}")
