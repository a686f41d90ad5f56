"""Exporters and importers that differ in IP families."""

from collections.abc import Mapping
from functools import partial
from typing import Final

import pytest

from tests.conformance.asking import RECORD, Family
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
from tests.conformance.beyond.digging import Question, ask
from tests.conformance.beyond.seen import condition_of, pod_addresses, the_import
from tests.conformance.beyond.workloads import answering_deployment, export, service
from tests.conformance.clusters import Cluster
from tests.conformance.objects import Manifest
from tests.conformance.observing import OWN_SERVICE_NAME
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand

OFFERS: Final[Mapping[str, tuple[Family, ...]]] = {
    "only-ipv4": ("IPv4",),
    "only-ipv6": ("IPv6",),
    "both": ("IPv4", "IPv6"),
}
_DERIVED: Final = "multicluster.kubernetes.io/derived-service"


@case("clustersetip")
def test_each_cluster_gets_the_families_that_it_shares_with_the_exporter(trial: Trial) -> None:
    given = {cluster: families_given(trial, cluster) for cluster in trial.clusters}
    exporter = next((cluster for cluster in trial.clusters if len(given[cluster]) == len(OFFERS["both"])), None)
    if exporter is None or all(len(found) == len(OFFERS["both"]) for found in given.values()):
        pytest.skip("takes a dual-stack cluster and one with a single IP family")
    exporter.create(answering_deployment(), trial.namespace)
    for name, wanted in OFFERS.items():
        policy = "SingleStack" if len(wanted) == 1 else "RequireDualStack"
        exporter.create(service(name, ipFamilyPolicy=policy, ipFamilies=list(wanted)), trial.namespace)
        exporter.create(export(name), trial.namespace)
    order_request_pods(trial, trial.clusters)()
    pods = when_pods_run(trial, partial(pod_addresses, trial, exporter))
    shared = {
        (cluster, name): tuple(family for family in wanted if family in given[cluster])
        for cluster in trial.clusters
        for name, wanted in OFFERS.items()
    }

    everywhere(trial, lambda cluster: [_is_imported(trial, cluster, name, shared[cluster, name]) for name in OFFERS])

    for (cluster, name), expected in shared.items():
        answered_soon(trial, partial(_resolves_to_these_only, trial, cluster, name, expected))
        for family in expected:
            answered_soon(trial, partial(reaches, trial, cluster, family, pods, zone_name(trial, name)))
        if not expected:
            _has_nothing_to_mislead(trial, cluster, name)


def _is_imported(trial: Trial, cluster: Cluster, name: str, expected: tuple[Family, ...]) -> bool:
    found = the_import(trial, cluster, name)
    ready, ips = condition_of(found, "Ready"), found["spec"].get("ips", [])
    there = f"{name} in cluster {cluster.name}"
    told = f"{ready.get('status', 'not set')} ({ready.get('reason', '')})"
    if not expected:
        is_said = (ready.get("status"), ready.get("reason")) == ("False", "IPFamilyNotSupported")
        demand(is_said and not ips, f"{there} can have no address, and has Ready {told} and {ips}")
        return True
    families = [_family(ip) for ip in ips]
    demand(sorted(families) == sorted(expected), f"{there} has the addresses {ips}, not one for each of {expected}")
    listed = found["spec"].get("ipFamilies")
    demand(listed == families, f"{there} has ipFamilies {listed} and the addresses {ips}")
    demand(ready.get("status") == "True", f"{there} has Ready {told}")
    return True


def _resolves_to_these_only(trial: Trial, cluster: Cluster, name: str, expected: tuple[Family, ...]) -> None:
    ips = the_import(trial, cluster, name)["spec"].get("ips", [])
    asked = {family: Question(RECORD[family], zone_name(trial, name)) for family in OFFERS["both"]}
    said = ask(trial, cluster, list(asked.values()))
    for family, question in asked.items():
        wanted = {ip for ip in ips if _family(ip) == family} if family in expected else set()
        demand(said[question].records == wanted, f"{question} gives {said[question]} in cluster {cluster.name}")


def _has_nothing_to_mislead(trial: Trial, cluster: Cluster, name: str) -> None:
    """Demand no Service behind an import without address, and no endpoints that would belong to one."""
    service_name = the_import(trial, cluster, name)["metadata"].get("annotations", {}).get(_DERIVED, "")
    derived = cluster.find("Service", service_name, trial.namespace) if service_name else None
    demand(derived is None, f"{name} has no address in cluster {cluster.name}, but the Service {service_name}")
    services: list[Manifest] = cluster.objects("Service", trial.namespace)
    known = {one["metadata"]["name"] for one in services}
    for one in cluster.objects("EndpointSlice", trial.namespace, labels=OWN_SERVICE_NAME):
        of = one["metadata"]["labels"][OWN_SERVICE_NAME]
        demand(of in known or of == service_name, f"an EndpointSlice in cluster {cluster.name} is of no Service: {of}")


def _family(ip: str) -> Family:
    return "IPv6" if ":" in ip else "IPv4"
