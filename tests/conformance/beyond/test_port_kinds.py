"""Ports whose numbers differ from pod to pod, ports without a name, and SCTP."""

from functools import partial
from typing import Final

from tests.conformance.beyond.cases import (
    answered_soon,
    case,
    everywhere,
    families_given,
    order_request_pods,
    when_pods_run,
    zone_name,
)
from tests.conformance.beyond.connecting import reaches
from tests.conformance.beyond.seen import families, pod_addresses, slices, the_import
from tests.conformance.beyond.workloads import answering_deployment, by_hand, endpoints_by_hand, export, service
from tests.conformance.clusters import Cluster
from tests.conformance.objects import HELLO, PORT, Manifest, answering, port
from tests.conformance.ports import same_ports
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand

WEB: Final = "web"
NUMBERS: Final = {"new": 8080, "old": 9090}
UNNAMED: Final = "unnamed"
SCTP: Final = 142


@case("service-port")
def test_one_target_port_may_have_other_numbers_in_other_pods(trial: Trial) -> None:
    """Let the Service name the port of its pods; two Deployments number it differently. Also for an unnamed port."""
    for name, number in NUMBERS.items():
        container = answering("TCP", number) | {"ports": [{"name": WEB, "containerPort": number}]}
        trial.first.create(answering_deployment(name, container=container), trial.namespace)
    unnamed = {"port": PORT, "protocol": "TCP", "targetPort": WEB}
    trial.first.create(service(ports=[port("http", target=WEB)]), trial.namespace)
    trial.first.create(service(UNNAMED, ports=[unnamed]), trial.namespace)
    for name in (HELLO, UNNAMED):
        trial.first.create(export(name), trial.namespace)
    order_request_pods(trial, trial.clusters)()
    pods = when_pods_run(trial, lambda: pod_addresses(trial, trial.first, len(NUMBERS)))

    everywhere(trial, lambda cluster: _has_no_port_name(trial, cluster))
    for cluster in trial.clusters:
        for name in (HELLO, UNNAMED):
            for family in families(trial, cluster, name):
                answered_soon(trial, partial(reaches, trial, cluster, family, pods, zone_name(trial, name)))


@case("service-port")
def test_an_sctp_port_is_imported_with_its_endpoints(trial: Trial) -> None:
    """Look at the objects alone: nodes without the kernel's SCTP could not pass traffic."""
    wanted = [port("tcp"), port("stcp", SCTP, protocol="SCTP")]
    targets = [port("tcp", 8042), port("stcp", 8142, protocol="SCTP")]
    family = families_given(trial, trial.first)[0]
    address = {"addresses": ["192.0.2.1" if family == "IPv4" else "2001:db8::1"]}
    for made in (by_hand(ports=wanted), endpoints_by_hand("by-hand", family, [address], targets), export()):
        trial.first.create(made, trial.namespace)

    everywhere(trial, lambda cluster: _has_ports(trial, cluster, wanted, targets))


def _has_no_port_name(trial: Trial, cluster: Cluster) -> None:
    ports = the_import(trial, cluster, UNNAMED)["spec"].get("ports", [])
    there = [(one.get("name", ""), one["port"]) for one in ports]
    demand(there == [("", PORT)], f"the ports of the ServiceImport {UNNAMED} in cluster {cluster.name} are {there}")


def _has_ports(trial: Trial, cluster: Cluster, wanted: list[Manifest], targets: list[Manifest]) -> None:
    same_ports(the_import(trial, cluster), wanted)
    expected = sorted((one["name"], one["protocol"], one["port"]) for one in targets)
    found = slices(trial, cluster)
    demand(found, f"there is no imported EndpointSlice in cluster {cluster.name}")
    for one in found:
        there = sorted((item["name"], item["protocol"], item["port"]) for item in one["ports"])
        demand(there == expected, f"the ports of EndpointSlice {one['metadata']['name']} are {there}, not {expected}")
