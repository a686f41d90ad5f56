"""Specs 22 to 27: what DNS says about an import."""

from ipaddress import ip_address
from typing import Final

from tests.conformance.asking import Family, ServiceRecord, addresses_in, lookup, same_addresses, service_records
from tests.conformance.clusters import Cluster
from tests.conformance.objects import HELLO, PORT, Manifest, Offer, hello_deployment, hello_service, hello_stateful_set
from tests.conformance.observing import SOURCE_CLUSTER, families_of, imported, own_endpoints, slices_of
from tests.conformance.specs import spec
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand, need
from tests.conformance.waiting import IMPORT_SECONDS, SLOW_POLL

REPLICAS: Final = 2


@spec(22)
def test_the_clusterset_name_gives_the_clusterset_ip(trial: Trial) -> None:
    trial.start()

    imports = [
        (cluster, imported(trial, cluster, lambda one: need(one["spec"].get("ips"), "the ServiceImport has no IP")))
        for cluster in trial.clusters
    ]

    for cluster, found in imports:
        for ip in found["spec"]["ips"]:
            _resolves(trial, cluster, trial.service_name, [ip])


@spec(23)
def test_an_srv_query_gives_the_port_at_the_clusterset_name(trial: Trial) -> None:
    trial.start()

    for cluster in trial.clusters:
        found = _service_records(trial, cluster, 1)
        expected = (ServiceRecord(trial.service_name, PORT),)
        demand(found == expected, f"the SRV records in cluster {cluster.name} are {found}, not {expected}")


@spec(24)
def test_the_cluster_local_name_stays_local(trial: Trial) -> None:
    trial.start()

    service = trial.first.find("Service", HELLO, trial.namespace) or {}
    for ip in service["spec"]["clusterIPs"]:
        _resolves(trial, trial.first, trial.local_name, [ip])


@spec(25)
def test_the_name_of_a_headless_service_gives_all_ready_endpoints(trial: Trial) -> None:
    trial.start(_headless(hello_deployment(REPLICAS)))

    for cluster in trial.clusters:
        for family in families_of(trial, cluster):
            points = own_endpoints(trial, trial.first, family, REPLICAS)
            _resolves(trial, cluster, trial.service_name, [point.address for point in points])


@spec(26)
def test_each_pod_of_a_stateful_set_has_its_name(trial: Trial) -> None:
    trial.start(_headless(hello_stateful_set(REPLICAS)))
    source = trial.first.cluster_id()

    for cluster in trial.clusters:
        for family in families_of(trial, cluster):
            for one in slices_of(trial, cluster, family, _has_all_pods):
                named = one["metadata"]["labels"][SOURCE_CLUSTER]
                demand(named == source, f"a slice in cluster {cluster.name} has {SOURCE_CLUSTER}={named}, not {source}")
                for point in one["endpoints"]:
                    name = f"{point['hostname']}.{source}.{trial.service_name}"
                    _resolves(trial, cluster, name, point["addresses"])


@spec(27)
def test_an_srv_query_of_a_headless_service_gives_every_endpoint(trial: Trial) -> None:
    trial.start(_headless(hello_deployment(REPLICAS)))
    families = families_of(trial, trial.first)
    points = [point for family in families for point in own_endpoints(trial, trial.first, family, REPLICAS)]

    for cluster in trial.clusters:
        found = _service_records(trial, cluster, len(points))
        for point in points:
            ports = {one.port for one in found if one.target.startswith(point.name)}
            demand(ports == {PORT}, f"ports {ports} for endpoint {point.name} in cluster {cluster.name}: {found}")


def _headless(workload: Manifest) -> Offer:
    return Offer(service=hello_service(clusterIP="None"), workload=workload)


def _resolves(trial: Trial, cluster: Cluster, name: str, expected: list[str]) -> None:
    """Demand exactly these addresses, all of one family, within 20 s."""
    family: Family = "IPv4" if ip_address(expected[0]).version == 4 else "IPv6"

    def look() -> None:
        found = addresses_in(trial, cluster, family, name)
        told = f"{name} resolves to {', '.join(found) or 'nothing'} in cluster {cluster.name}"
        demand(same_addresses(found, expected), f"{told}, not to {', '.join(expected)}")

    trial.waiting.within(IMPORT_SECONDS, look, every=SLOW_POLL)


def _service_records(trial: Trial, cluster: Cluster, count: int) -> tuple[ServiceRecord, ...]:
    """Give the first SRV answer with so many records, within 20 s."""

    def look() -> tuple[ServiceRecord, ...]:
        found = service_records(trial.run(cluster, lookup("SRV", trial.service_name)))
        demand(len(found) == count, f"{len(found)} SRV records in cluster {cluster.name}, not {count}: {found}")
        return found

    return trial.waiting.within(IMPORT_SECONDS, look, every=SLOW_POLL)


def _has_all_pods(endpoint_slice: Manifest) -> None:
    """Demand both pods in one slice, ready and named, as the upstream suite does."""
    name, points = endpoint_slice["metadata"]["name"], endpoint_slice["endpoints"] or []
    need(len(points) == REPLICAS, f"EndpointSlice {name} has {len(points)} endpoints, not {REPLICAS}")
    for point in points:
        need(point.get("conditions", {}).get("ready", True), f"an endpoint of EndpointSlice {name} is not ready")
        need(point.get("hostname"), f"an endpoint of EndpointSlice {name} has no host name")
