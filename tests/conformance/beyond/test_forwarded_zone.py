"""Names resolve where the cluster's own DNS cannot serve the clusterset's zone and only forwards it."""

from functools import partial
from typing import Final

import pytest

from tests.conformance.asking import RECORD, Family
from tests.conformance.beyond.cases import answered_soon, case, everywhere, order_request_pods, zone_name
from tests.conformance.beyond.digging import NO_RECORD, NOTHING, Answer, Question, found, says
from tests.conformance.beyond.seen import ips
from tests.conformance.beyond.workloads import by_hand, export
from tests.conformance.clusters import Cluster
from tests.conformance.objects import HELLO, PORT
from tests.conformance.trial import Trial

FAMILIES: Final[tuple[Family, ...]] = ("IPv4", "IPv6")


@case("dns")
def test_names_resolve_where_coredns_only_forwards_the_zone(trial: Trial) -> None:
    forwarding = [cluster for cluster in trial.clusters if _only_forwards(trial, cluster)]
    if not forwarding:
        pytest.skip("takes a cluster whose CoreDNS forwards the zone and does not serve it")
    trial.first.create(by_hand(HELLO), trial.namespace)
    trial.first.create(export(), trial.namespace)
    order_request_pods(trial, forwarding)()
    everywhere(trial, lambda cluster: ips(trial, cluster))

    for cluster in forwarding:
        answered_soon(trial, partial(says, trial, cluster, _expected(trial, cluster)))

    trial.unexport(trial.first)
    gone = {Question(RECORD[family], trial.service_name): NOTHING for family in FAMILIES}
    for cluster in forwarding:
        answered_soon(trial, partial(says, trial, cluster, gone))


def _only_forwards(trial: Trial, cluster: Cluster) -> bool:
    config = cluster.find("ConfigMap", "coredns", "kube-system")
    corefile = (config or {}).get("data", {}).get("Corefile", "")
    return f"{trial.dns_domain}:53 {{" in corefile and "multicluster" not in corefile


def _expected(trial: Trial, cluster: Cluster) -> dict[Question, Answer]:
    """Give the answers for the name, for its port, for a name that is not there and for one of the cluster's own."""
    given = ips(trial, cluster)
    api = cluster.find("Service", "kubernetes", "default")
    expected: dict[Question, Answer] = {
        Question("SRV", f"_tcp._tcp.{trial.service_name}"): found(f"{PORT} {trial.service_name}"),
    }
    for family in FAMILIES:
        own = [ip for ip in (api or {"spec": {"clusterIPs": []}})["spec"]["clusterIPs"] if _is(ip, family)]
        there = [ip for ip in given if _is(ip, family)]
        expected[Question(RECORD[family], trial.service_name)] = found(*there) if there else NO_RECORD
        expected[Question(RECORD[family], zone_name(trial, "absent"))] = NOTHING
        expected[Question(RECORD[family], "kubernetes.default.svc.cluster.local")] = found(*own) if own else NO_RECORD
    return expected


def _is(address: str, family: Family) -> bool:
    return (":" in address) == (family == "IPv6")
