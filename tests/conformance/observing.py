"""What a spec looks at: imports, conditions, slices, pods, each with the time that the suite grants it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from tests.conformance.asking import Family
from tests.conformance.clusters import Cluster
from tests.conformance.objects import HELLO, Manifest
from tests.conformance.trial import Trial
from tests.conformance.verdicts import NonConformantError, UnmetError, demand, need
from tests.conformance.waiting import IMPORT_SECONDS, POD_SECONDS, STEADY_SECONDS

SERVICE_NAME: Final = "multicluster.kubernetes.io/service-name"
SOURCE_CLUSTER: Final = "multicluster.kubernetes.io/source-cluster"
MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"
OWN_SERVICE_NAME: Final = "kubernetes.io/service-name"
PRESENT: Final = "Present"
ABSENT: Final = "Absent"
KUBERNETES: Final = "endpointslice-controller.k8s.io"
"""Who manages the slices of a cluster's own Services; imported ones must name somebody else (KEP-1645)."""


@dataclass(frozen=True, slots=True, order=True)
class OwnEndpoint:
    """A ready address of the exported Service; `name` begins its DNS name: host name, or the address with dashes."""

    address: str
    name: str


def imported(
    trial: Trial, cluster: Cluster, check: Callable[[Manifest], object] | None = None, *, is_demanded: bool = False
) -> Manifest:
    """Give the ServiceImport as soon as it is there and passes the check, within 20 s.

    That it never comes is a finding of its own only where `is_demanded` says so, as in the upstream suite.
    """

    def look() -> Manifest:
        found = cluster.find("ServiceImport", HELLO, trial.namespace)
        if found is None:
            kind = NonConformantError if is_demanded else UnmetError
            raise kind(f"there is no ServiceImport in cluster {cluster.name}")
        if check is not None:
            check(found)
        return found

    return trial.waiting.within(IMPORT_SECONDS, look)


def imported_everywhere(trial: Trial, kind: str) -> None:
    """Demand an import of this type in each cluster, looked at once when it is there."""
    for cluster in trial.clusters:
        found = imported(trial, cluster, is_demanded=True)["spec"]["type"]
        demand(found == kind, f"the ServiceImport in cluster {cluster.name} has type {found}, not {kind}")


def gone(trial: Trial, cluster: Cluster, when: str) -> None:
    message = f"the ServiceImport is still in cluster {cluster.name} {when}"
    trial.waiting.within(
        IMPORT_SECONDS, lambda: demand(cluster.find("ServiceImport", HELLO, trial.namespace) is None, message)
    )


def stays(trial: Trial, cluster: Cluster, when: str) -> None:
    message = f"the ServiceImport is not in cluster {cluster.name} {when}"
    trial.waiting.throughout(
        STEADY_SECONDS, lambda: demand(cluster.find("ServiceImport", HELLO, trial.namespace), message)
    )


def stays_away(trial: Trial, cluster: Cluster, when: str) -> None:
    message = f"there is a ServiceImport in cluster {cluster.name} {when}"
    trial.waiting.throughout(
        STEADY_SECONDS, lambda: demand(cluster.find("ServiceImport", HELLO, trial.namespace) is None, message)
    )


def condition(trial: Trial, cluster: Cluster, kind: str, status: str) -> Manifest:
    """Give the export's condition as soon as it has that status, within 20 s."""

    def look() -> Manifest:
        export = cluster.find("ServiceExport", HELLO, trial.namespace)
        need(export, f"there is no ServiceExport in cluster {cluster.name}")
        conditions: list[Manifest] = (export or {}).get("status", {}).get("conditions", [])
        found = next((one for one in conditions if one["type"] == kind), None)
        if found is None or found["status"] != status:
            told = "not set" if found is None else f"{found['status']} ({found['reason']})"
            raise NonConformantError(f"condition {kind} in cluster {cluster.name} is {told}, not {status}")
        return found

    return trial.waiting.within(IMPORT_SECONDS, look)


def in_conflict(trial: Trial, clusters: Iterable[Cluster]) -> None:
    """Demand Conflict=True on every constituent export (KEP-1645, constraints and conflict resolution)."""
    for cluster in clusters:
        condition(trial, cluster, "Conflict", "True")


def families_of(trial: Trial, cluster: Cluster) -> tuple[Family, ...]:
    """Give the IP families of the import as soon as it names them, within 20 s."""
    found = imported(
        trial,
        cluster,
        lambda one: need(
            one["spec"].get("ipFamilies"), f"the ServiceImport in cluster {cluster.name} has no ipFamilies"
        ),
    )
    return tuple(found["spec"]["ipFamilies"])


def says_whether_sliced(trial: Trial, cluster: Cluster, *allowed: str) -> None:
    """Demand that the import's status says within 20 s whether EndpointSlices come with it, in one of these words."""

    def look(found: Manifest) -> None:
        said = found.get("status", {}).get("endpointSliceObjects")
        message = f"status.endpointSliceObjects in cluster {cluster.name} is {said}, not {' or '.join(allowed)}"
        demand(said in allowed, message)

    imported(trial, cluster, look)


def slices_of(
    trial: Trial, cluster: Cluster, family: Family, check: Callable[[Manifest], object] | None = None
) -> list[Manifest]:
    """Give the imported EndpointSlices of a family as soon as one has endpoints and all pass the check, within 60 s.

    The import must have said within 20 s that there are any.
    """
    says_whether_sliced(trial, cluster, PRESENT)

    def look() -> list[Manifest]:
        found = [
            one
            for one in cluster.objects("EndpointSlice", trial.namespace)
            if _is_imported(one) and one["addressType"] == family
        ]
        demand(
            any(one["endpoints"] for one in found),
            f"cluster {cluster.name} has no {family} EndpointSlice with endpoints, {SERVICE_NAME} and {SOURCE_CLUSTER}",
        )
        for one in found:
            if check is not None:
                check(one)
        return found

    return trial.waiting.within(POD_SECONDS, look)


def own_endpoints(trial: Trial, cluster: Cluster, family: Family, count: int) -> list[OwnEndpoint]:
    """Give the endpoints that Kubernetes itself has for the Service, when so many are there and ready, within 60 s."""

    def look() -> list[OwnEndpoint]:
        slices = cluster.objects("EndpointSlice", trial.namespace, labels=f"{OWN_SERVICE_NAME}={HELLO}")
        points = [point for one in slices if one["addressType"] == family for point in one["endpoints"] or ()]
        need(
            all(point.get("conditions", {}).get("ready", True) for point in points),
            f"an endpoint in cluster {cluster.name} is not ready",
        )
        found = [
            OwnEndpoint(address, point.get("hostname") or address.replace(".", "-").replace(":", "-"))
            for point in points
            for address in point["addresses"]
        ]
        need(len(found) == count, f"cluster {cluster.name} has {len(found)} {family} endpoints, not {count}")
        return found

    return trial.waiting.within(POD_SECONDS, look)


def pod_address(trial: Trial, cluster: Cluster) -> str:
    """Give the first address of the pod behind the service, by which it answers, within 60 s."""

    def look() -> str:
        pods = cluster.objects("Pod", trial.namespace, labels=f"app={HELLO}")
        found: str = next((pod["status"]["podIP"] for pod in pods if pod["status"].get("podIP")), "")
        need(found, f"the pod behind the service in cluster {cluster.name} has no address")
        return found

    return trial.waiting.within(POD_SECONDS, look)


def _is_imported(endpoint_slice: Manifest) -> bool:
    labels = endpoint_slice["metadata"].get("labels", {})
    return SERVICE_NAME in labels and SOURCE_CLUSTER in labels
