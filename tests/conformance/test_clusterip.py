"""Specs 4 to 9: what a ServiceImport of a ClusterIP service says."""

from ipaddress import ip_address
from typing import Any

import pytest

from tests.conformance.objects import Manifest, Offer, hello_service
from tests.conformance.observing import condition, gone, imported, imported_everywhere
from tests.conformance.ports import same_ports
from tests.conformance.specs import spec
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand


@spec(4)
def test_a_clusterip_service_is_imported_as_clustersetip_in_each_cluster(trial: Trial) -> None:
    trial.start()

    condition(trial, trial.first, "Valid", "True")
    imported_everywhere(trial, "ClusterSetIP")
    trial.unexport(trial.first)

    for cluster in trial.clusters:
        gone(trial, cluster, "after the unexport")


@pytest.mark.parametrize(
    ("fields", "service"),
    [
        pytest.param(("sessionAffinity", "sessionAffinityConfig"), {}, marks=spec(5), id="session-affinity"),
        pytest.param(
            ("internalTrafficPolicy",),
            {"internalTrafficPolicy": "Cluster"},
            marks=spec(6),
            id="internal-traffic-policy",
        ),
        pytest.param(
            ("trafficDistribution",), {"trafficDistribution": "PreferClose"}, marks=spec(7), id="traffic-distribution"
        ),
    ],
)
def test_an_import_has_the_services(trial: Trial, fields: tuple[str, ...], service: dict[str, Any]) -> None:
    exported = hello_service(**service)
    trial.start(Offer(service=exported))

    def check(found: Manifest) -> None:
        for field in fields:
            there, wanted = found["spec"].get(field), exported["spec"][field]
            demand(there == wanted, f"{field} of the ServiceImport is {there}, that of the Service {wanted}")

    imported(trial, trial.first, check)


@spec(8)
def test_an_import_has_one_address_for_each_ip_family(trial: Trial) -> None:
    trial.start()

    found = imported(
        trial, trial.first, lambda one: demand(one["spec"].get("ips"), "the ServiceImport has no clusterset IP")
    )

    # Looked at once: whoever reads the import as soon as it has an address must be able to rely on both lists.
    ips, families = found["spec"]["ips"], found["spec"].get("ipFamilies", [])
    demand([_family(ip) for ip in ips] == families, f"the clusterset IPs {ips} are not one for each of {families}")


@spec(9)
def test_an_import_has_the_services_ports(trial: Trial) -> None:
    service = hello_service()
    trial.start(Offer(service=service))

    imported(trial, trial.first, lambda one: same_ports(one, service["spec"]["ports"]))


def _family(address: str) -> str:
    try:
        return f"IPv{ip_address(address).version}"
    except ValueError:
        return f"not an address: {address!r}"
