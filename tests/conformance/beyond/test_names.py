"""Names as a DNS server answers them: those that the specification wants, and those that must not be."""

from functools import partial
from typing import Final

from tests.conformance.asking import RECORD, Family
from tests.conformance.beyond.cases import (
    answered_soon,
    case,
    everywhere,
    order_request_pods,
    soon,
    when_pods_run,
    zone_name,
)
from tests.conformance.beyond.digging import NO_RECORD, NOTHING, Answer, Question, ask, found, says
from tests.conformance.beyond.seen import families, ips, ready_pods, slices
from tests.conformance.beyond.workloads import answering_set, by_hand, export, service
from tests.conformance.clusters import Cluster
from tests.conformance.objects import HELLO, PORT, Manifest
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand, need

DATABASE: Final = "db"
REPLICAS: Final = 2
FAMILIES: Final[tuple[Family, ...]] = ("IPv4", "IPv6")

Answers = dict[Question, Answer]


@case("dns")
def test_a_clustersetip_service_has_these_names_and_no_others(trial: Trial) -> None:
    for name in (HELLO, "private"):
        trial.first.create(by_hand(name), trial.namespace)
    trial.first.create(export(), trial.namespace)
    order_request_pods(trial, trial.clusters)()
    everywhere(trial, lambda cluster: ips(trial, cluster))

    for cluster in trial.clusters:
        expected = (
            _names_with_an_address(trial, cluster) | _names_that_must_not_be(trial) | _local_names(trial, cluster)
        )
        answered_soon(trial, partial(says, trial, cluster, expected))
        answered_soon(trial, partial(_has_a_version, trial, cluster))

    trial.unexport(trial.first)
    gone = {Question(RECORD[family], trial.service_name): NOTHING for family in FAMILIES}
    for cluster in trial.clusters:
        answered_soon(trial, partial(says, trial, cluster, gone))


@case("not-allowing-cluster-specific-targeting-via-dns")
def test_each_pod_of_a_headless_service_has_a_name_with_its_clusters_id(trial: Trial) -> None:
    """Let two clusters export StatefulSets whose pods have equal names; only the cluster id tells them apart."""
    pair = trial.first, trial.second
    for cluster in pair:
        for made in (_headless(DATABASE), answering_set(DATABASE, replicas=REPLICAS), export(DATABASE)):
            cluster.create(made, trial.namespace)
    order_request_pods(trial, trial.clusters)()
    pods = {
        cluster.cluster_id(): when_pods_run(trial, partial(ready_pods, trial, cluster, f"app={DATABASE}", REPLICAS))
        for cluster in pair
    }

    for cluster in trial.clusters:
        shown = soon(trial, partial(families, trial, cluster, DATABASE))
        expected = _names_of_pods(trial, pods, shown)
        answered_soon(trial, partial(says, trial, cluster, expected))
    for cluster in pair:
        own = pods[cluster.cluster_id()]
        local = f"{DATABASE}.{trial.namespace}.svc.cluster.local"
        expected = {Question("A", local): _addresses(own, "IPv4"), Question("AAAA", local): _addresses(own, "IPv6")}
        expected |= {
            Question(RECORD[family], f"{pod['metadata']['name']}.{local}"): _addresses([pod], family)
            for pod in own
            for family in FAMILIES
        }
        answered_soon(trial, partial(says, trial, cluster, expected))


@case("dns")
def test_unready_pods_have_names_only_where_the_service_publishes_them(trial: Trial) -> None:
    """Let a database find its peers before any is ready, as in a cluster of its own (publishNotReadyAddresses)."""
    never = {"exec": {"command": ["false"]}}
    asleep, hidden, empty = "asleep", "hidden", "empty"
    trial.first.create(answering_set(asleep, replicas=REPLICAS, probe=never), trial.namespace)
    trial.first.create(_headless(asleep, publishNotReadyAddresses=True), trial.namespace)
    trial.first.create(_headless(hidden, selector={"app": asleep}), trial.namespace)
    trial.first.create(_headless(empty), trial.namespace)
    for name in (asleep, hidden, empty):
        trial.first.create(export(name), trial.namespace)
    order_request_pods(trial, trial.clusters)()
    pods = when_pods_run(trial, lambda: _running(trial, asleep))

    source = trial.first.cluster_id()
    for cluster in trial.clusters:
        shown = soon(trial, partial(families, trial, cluster, asleep))
        soon(trial, partial(_has_slices, trial, cluster, hidden))
        expected = _names_of_pods(trial, {source: pods}, shown, asleep)
        expected |= {
            Question(RECORD[family], zone_name(trial, name)): NOTHING for name in (hidden, empty) for family in FAMILIES
        }
        answered_soon(trial, partial(says, trial, cluster, expected))


def _names_with_an_address(trial: Trial, cluster: Cluster) -> Answers:
    """Give the answers that KEP-1645 wants: an address per family, and an SRV record at the name of the port."""
    given = ips(trial, cluster)
    by_family = {family: [ip for ip in given if (":" in ip) == (family == "IPv6")] for family in FAMILIES}
    return {
        Question("SRV", f"_tcp._tcp.{trial.service_name}"): found(f"{PORT} {trial.service_name}"),
        **{
            Question(RECORD[family], trial.service_name): found(*there) if there else NO_RECORD
            for family, there in by_family.items()
        },
    }


def _names_that_must_not_be(trial: Trial) -> Answers:
    """Give names of single clusters, of what is not exported, and of what is not there at all."""
    names = [f"{cluster.cluster_id()}.{trial.service_name}" for cluster in trial.clusters]
    names += [zone_name(trial, "private"), zone_name(trial, "absent")]
    names += [f"{HELLO}.{trial.namespace}-absent.svc.{trial.dns_domain}"]
    return {Question(RECORD[family], name): NOTHING for name in names for family in FAMILIES}


def _local_names(trial: Trial, cluster: Cluster) -> Answers:
    """Give what a cluster says about the Services of its own, which must not change by anything exported."""
    expected: Answers = {}
    for name in (HELLO, "private"):
        own = cluster.find("Service", name, trial.namespace)
        local = f"{name}.{trial.namespace}.svc.cluster.local"
        for family in FAMILIES:
            there = [ip for ip in own["spec"]["clusterIPs"] if (":" in ip) == (family == "IPv6")] if own else []
            expected[Question(RECORD[family], local)] = (
                found(*there) if there else NO_RECORD if own is not None else NOTHING
            )
    return expected


def _names_of_pods(
    trial: Trial, pods: dict[str, list[Manifest]], shown: tuple[Family, ...], name: str = DATABASE
) -> Answers:
    """Give all names of a headless service, in those families that its import has."""
    zone = zone_name(trial, name)
    everyone = [pod for own in pods.values() for pod in own]
    targets = [f"{PORT} {pod['metadata']['name']}.{source}.{zone}" for source, own in pods.items() for pod in own]
    expected: Answers = {Question("SRV", f"_tcp._tcp.{zone}"): found(*targets)}
    for family in shown:
        expected[Question(RECORD[family], zone)] = _addresses(everyone, family)
        for source, own in pods.items():
            expected[Question(RECORD[family], f"{source}.{zone}")] = NOTHING
            for pod in own:
                expected[Question(RECORD[family], f"{pod['metadata']['name']}.{source}.{zone}")] = _addresses(
                    [pod], family
                )
    return expected


def _addresses(pods: list[Manifest], family: Family) -> Answer:
    there = [one["ip"] for pod in pods for one in pod["status"]["podIPs"] if (":" in one["ip"]) == (family == "IPv6")]
    return found(*there) if there else NO_RECORD


def _headless(name: str, **spec: object) -> Manifest:
    return service(name, **{"clusterIP": "None", "selector": {"app": name}, **spec})


def _has_a_version(trial: Trial, cluster: Cluster) -> None:
    """Demand the schema's version, whichever the server implements (KEP-1645, specification.md)."""
    question = Question("TXT", f"dns-version.{trial.dns_domain}")
    said = ask(trial, cluster, [question])[question]
    demand(len(said.records) == 1, f"{question} gives {said} in cluster {cluster.name}")


def _has_slices(trial: Trial, cluster: Cluster, name: str) -> None:
    demand(slices(trial, cluster, name=name), f"there are no EndpointSlices of {name} in cluster {cluster.name}")


def _running(trial: Trial, app: str) -> list[Manifest]:
    pods = trial.first.objects("Pod", trial.namespace, labels=f"app={app}")
    there = [pod for pod in pods if pod["status"]["phase"] == "Running" and pod["status"].get("podIPs")]
    need(len(there) == REPLICAS, f"{len(there)} pods with app={app} run, not {REPLICAS}")
    return there
