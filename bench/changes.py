"""One change in the exporting cluster, and by which watch events it and its result are recognised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bench.streams import Seen, Streams, Wanted
from bench.workload import Backend, Source
from cloudmap_mcs.domain.wellknown import LABEL_KUBE_SERVICE_NAME, LABEL_SERVICE_NAME, LABEL_SOURCE_CLUSTER
from sandbox.errors import SandboxError

CAUSE_SECONDS: Final = 10.0
RESULT_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Route:
    """From which cluster to which; `source` writes in the first."""

    streams: Streams
    source: Source
    exporting: str
    importing: str


@dataclass(frozen=True, slots=True)
class Change:
    """A write, the event by which its own cluster shows it, and all the events that make up its result in the other."""

    write: Callable[[], None]
    cause: Wanted
    results: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Took:
    """When the exporting cluster showed a change, and when the other showed the last part of its result, in seconds."""

    cause: float
    result: float

    @property
    def seconds(self) -> float:
        return self.result - self.cause


def take(route: Route, change: Change) -> Took | None:
    """Make one change and wait for its result; None if that does not come within RESULT_SECONDS."""
    route.streams.mark()
    change.write()
    return await_result(route, change)


def await_result(route: Route, change: Change) -> Took | None:
    """Wait for a change that was written since the last mark."""
    cause = route.streams.first(change.cause, seconds=CAUSE_SECONDS)
    if cause is None:
        raise SandboxError(f"{route.exporting} did not show a write within {CAUSE_SECONDS:g} s")
    results = [route.streams.first(wanted, seconds=RESULT_SECONDS) for wanted in change.results]
    seen = [result.at for result in results if result]
    return Took(cause.at, max(seen)) if len(seen) == len(results) else None


def endpoints_changed(route: Route, service: str, endpoints: Sequence[Backend]) -> Change:
    """Replace a Service's endpoints; done when the imported slice holds exactly these, each as ready as it is."""
    goal = {item.address: item.is_ready for item in endpoints}

    def cause(event: Seen) -> bool:
        return is_own_slice(event, route.exporting, service) and readiness(event) == goal

    def result(event: Seen) -> bool:
        return is_imported_slice(event, route, service) and readiness(event) == goal

    return Change(lambda: route.source.set_endpoints(service, endpoints), cause, (result,))


def exported(route: Route, service: str) -> Change:
    """Export a Service; done when the import has its IPs and the slice is there."""

    def cause(event: Seen) -> bool:
        return _is(event, route.exporting, "ServiceExport", service) and event.type == "ADDED"

    def has_ips(event: Seen) -> bool:
        return _is(event, route.importing, "ServiceImport", service) and bool(event.manifest["spec"].get("ips"))

    def slice_came(event: Seen) -> bool:
        return event.type == "ADDED" and is_imported_slice(event, route, service)

    return Change(lambda: route.source.export(service), cause, (has_ips, slice_came))


def unexported(route: Route, service: str) -> Change:
    """Unexport a Service; done when import, slice and derived Service are gone."""

    def cause(event: Seen) -> bool:
        return _is(event, route.exporting, "ServiceExport", service) and event.type == "DELETED"

    def import_went(event: Seen) -> bool:
        return _is(event, route.importing, "ServiceImport", service) and event.type == "DELETED"

    def slice_went(event: Seen) -> bool:
        return event.type == "DELETED" and is_imported_slice(event, route, service)

    def derived_went(event: Seen) -> bool:
        is_derived = event.kind == "Service" and event.labels.get(LABEL_SERVICE_NAME) == service
        return event.cluster == route.importing and event.type == "DELETED" and is_derived

    return Change(lambda: route.source.unexport(service), cause, (import_went, slice_went, derived_went))


def is_own_slice(event: Seen, cluster: str, service: str) -> bool:
    """Tell a slice of a cluster's own Service."""
    is_slice = event.cluster == cluster and event.kind == "EndpointSlice"
    return (
        is_slice and event.labels.get(LABEL_KUBE_SERVICE_NAME) == service and LABEL_SOURCE_CLUSTER not in event.labels
    )


def is_imported_slice(event: Seen, route: Route, service: str) -> bool:
    """Tell a slice that the importing cluster holds for the exporting one."""
    is_slice = event.cluster == route.importing and event.kind == "EndpointSlice"
    is_of = event.labels.get(LABEL_SERVICE_NAME) == service
    return is_slice and is_of and event.labels.get(LABEL_SOURCE_CLUSTER) == route.exporting


def readiness(event: Seen) -> dict[str, bool]:
    """Return a slice's addresses and whether each is ready."""
    return {
        address: item.get("conditions", {}).get("ready") is not False
        for item in event.manifest.get("endpoints") or ()
        for address in item["addresses"]
    }


def _is(event: Seen, cluster: str, kind: str, name: str) -> bool:
    return event.cluster == cluster and event.kind == kind and event.name == name
