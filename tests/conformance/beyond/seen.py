"""What is there at this moment, of a service of any name. An UnmetError says what is missing; callers wait."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tests.conformance.asking import Family
from tests.conformance.clusters import Cluster
from tests.conformance.objects import HELLO, Manifest
from tests.conformance.observing import SERVICE_NAME, SOURCE_CLUSTER
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand, need


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """An endpoint with its conditions, as consumers read them: `ready` and `serving` hold unless they are denied."""

    address: str
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    hostname: str = ""

    @classmethod
    def of(cls, raw: Manifest) -> "Point":
        said = {name: value for name, value in raw.get("conditions", {}).items() if value is not None}
        ready = said.get("ready", True)
        serving = said.get("serving", ready)
        return cls(raw["addresses"][0], ready, serving, said.get("terminating", False), raw.get("hostname", ""))


def the_import(trial: Trial, cluster: Cluster, name: str = HELLO) -> Manifest:
    found = cluster.find("ServiceImport", name, trial.namespace)
    demand(found, f"there is no ServiceImport {name} in cluster {cluster.name}")
    return found or {}


def no_import(trial: Trial, cluster: Cluster, name: str = HELLO) -> None:
    found = cluster.find("ServiceImport", name, trial.namespace)
    demand(found is None, f"the ServiceImport {name} is still in cluster {cluster.name}")


def ips(trial: Trial, cluster: Cluster, name: str = HELLO) -> list[str]:
    """Give the import's clusterset IPs; an UnmetError when there is none."""
    found: list[str] = the_import(trial, cluster, name)["spec"].get("ips", [])
    demand(found, f"the ServiceImport {name} in cluster {cluster.name} has no clusterset IP")
    return found


def families(trial: Trial, cluster: Cluster, name: str = HELLO) -> tuple[Family, ...]:
    """Give the import's IP families; an UnmetError when it names none."""
    found = the_import(trial, cluster, name)["spec"].get("ipFamilies", [])
    demand(found, f"the ServiceImport {name} in cluster {cluster.name} has no ipFamilies")
    return tuple(found)


def has(trial: Trial, cluster: Cluster, expected: Manifest, name: str = HELLO) -> None:
    """Demand these fields of the import's spec."""
    spec = the_import(trial, cluster, name)["spec"]
    there = {field: spec.get(field) for field in expected}
    demand(there == expected, f"the ServiceImport {name} in cluster {cluster.name} has {there}, not {expected}")


def condition_of(found: Manifest, kind: str) -> Manifest:
    """Give a condition of an object, empty when it has none of the kind."""
    conditions: list[Manifest] = found.get("status", {}).get("conditions", [])
    return next((one for one in conditions if one["type"] == kind), {})


def conflict(trial: Trial, cluster: Cluster, *, status: str, name: str = HELLO) -> Manifest:
    """Give the Conflict condition of the cluster's export; an UnmetError unless it has that status."""
    export = cluster.find("ServiceExport", name, trial.namespace)
    need(export, f"there is no ServiceExport {name} in cluster {cluster.name}")
    found = condition_of(export or {}, "Conflict")
    told = f"{found.get('status', 'not set')} ({found.get('reason', '')}: {found.get('message', '')})"
    demand(found.get("status") == status, f"Conflict in cluster {cluster.name} is {told}, not {status}")
    return found


def slices(
    trial: Trial, cluster: Cluster, *, source: str | None = None, family: Family | None = None, name: str = HELLO
) -> list[Manifest]:
    """Give the imported EndpointSlices, those of one source cluster's id and one family when asked so."""
    wanted = f"{SERVICE_NAME}={name},{SOURCE_CLUSTER}" + (f"={source}" if source else "")
    found = cluster.objects("EndpointSlice", trial.namespace, labels=wanted)
    return [one for one in found if family in {None, one["addressType"]}]


def points(found: Iterable[Manifest]) -> list[Point]:
    """Give the endpoints of EndpointSlices, sorted; none is left out, so that doubles show."""
    return sorted(Point.of(raw) for one in found for raw in one["endpoints"] or ())


def same_points(trial: Trial, cluster: Cluster, expected: Collection[Point], family: Family) -> None:
    """Demand exactly these endpoints of a family, whichever cluster they come from."""
    found = points(slices(trial, cluster, family=family))
    wanted = sorted(expected)
    missing, further = [one for one in wanted if one not in found], [one for one in found if one not in wanted]
    told = f"cluster {cluster.name} has {len(found)} {family} endpoints, not {len(wanted)}"
    demand(found == wanted, f"{told}; missing {missing[:3]}, too many {further[:3]}")


def sources(trial: Trial, cluster: Cluster, family: Family, name: str = HELLO) -> frozenset[str]:
    """Give the ids of the clusters whose slices of a family have endpoints."""
    found = slices(trial, cluster, family=family, name=name)
    return frozenset(one["metadata"]["labels"][SOURCE_CLUSTER] for one in found if one["endpoints"])


def ready_pods(trial: Trial, cluster: Cluster, labels: str, count: int) -> list[Manifest]:
    """Give the pods with these labels; an UnmetError unless so many are there and all ready."""
    found = [
        pod
        for pod in cluster.objects("Pod", trial.namespace, labels=labels)
        if not pod["metadata"].get("deletionTimestamp") and condition_of(pod, "Ready").get("status") == "True"
    ]
    need(len(found) == count, f"{len(found)} pods with {labels} are ready in cluster {cluster.name}, not {count}")
    return found


def pod_addresses(trial: Trial, cluster: Cluster, count: int = 1, labels: str = f"app={HELLO}") -> frozenset[str]:
    """Give the addresses by which pods call themselves when they answer; an UnmetError unless all are ready."""
    return frozenset(pod["status"]["podIP"] for pod in ready_pods(trial, cluster, labels, count))
