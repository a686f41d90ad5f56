"""Specs 17 to 21: which pods answer behind the clusterset name."""

from functools import partial
from typing import Final

from tests.conformance.asking import Family, reach, same_addresses
from tests.conformance.clusters import Cluster
from tests.conformance.objects import HELLO, PORT, Offer, hello_service, port
from tests.conformance.observing import families_of, pod_address
from tests.conformance.specs import spec
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand, need
from tests.conformance.waiting import IMPORT_SECONDS, SLOW_POLL

OTHER_PORT: Final = 4242


@spec(17)
def test_a_service_that_is_not_exported_cannot_be_reached(trial: Trial) -> None:
    """Also make sure that a pod could answer: silence would prove nothing where commands cannot be run at all."""
    service = hello_service()
    trial.start(Offer(service=service, export=None))
    families = _own_families(trial)
    for family in families:
        _answers_at_home(trial, family)
    for cluster in trial.clusters:
        need(trial.run(cluster, "command -v nc"), f"no command can be run in cluster {cluster.name}")

    for cluster in trial.clusters:
        for family in families:
            for _ in range(20):
                found = reach(trial, cluster, family, trial.service_name, PORT)
                demand(found is None, f"pod {found} answers in cluster {cluster.name} though nothing is exported")


@spec(18)
def test_an_exported_service_can_be_reached_by_its_name(trial: Trial) -> None:
    trial.start()

    for cluster in trial.clusters:
        for family in families_of(trial, cluster):
            trial.waiting.within(IMPORT_SECONDS, partial(_answered, trial, cluster, family), every=SLOW_POLL)


@spec(19)
def test_only_the_exporting_cluster_is_reached(trial: Trial) -> None:
    trial.start(Offer(export=None))
    trial.deploy(trial.second, Offer())
    trial.export(trial.first)

    _always_answers(trial, PORT, pod_address(trial, trial.first))


@spec(20)
def test_a_port_leads_to_the_cluster_that_has_its_number(trial: Trial) -> None:
    trial.start()
    trial.offer_later(trial.second, Offer(service=hello_service(ports=[port("tcp", OTHER_PORT, target=PORT)])))

    _always_answers(trial, PORT, pod_address(trial, trial.first))


@spec(21)
def test_ports_of_different_names_lead_each_to_its_cluster(trial: Trial) -> None:
    trial.start()
    trial.offer_later(trial.second, Offer(service=hello_service(ports=[port("tcp2", OTHER_PORT, target=PORT)])))

    first, second = pod_address(trial, trial.first), pod_address(trial, trial.second)
    _always_answers(trial, PORT, first)
    _always_answers(trial, OTHER_PORT, second)


def _always_answers(trial: Trial, number: int, pod: str) -> None:
    """Demand that this pod answers ten times in a row, in every cluster and family of its import."""
    for cluster in trial.clusters:
        for family in families_of(trial, cluster):
            trial.waiting.repeatedly(10, partial(_answers, trial, cluster, family, number, pod))


def _answered(trial: Trial, cluster: Cluster, family: Family) -> None:
    found = reach(trial, cluster, family, trial.service_name, PORT)
    demand(found, f"no pod answers in cluster {cluster.name} over {family}")


def _answers(trial: Trial, cluster: Cluster, family: Family, number: int, pod: str) -> None:
    found = reach(trial, cluster, family, trial.service_name, number)
    told = "no pod" if found is None else f"pod {found}"
    demand(
        found is not None and same_addresses((found,), [pod]),
        f"{told} answers at port {number} in cluster {cluster.name} over {family}, not {pod}",
    )


def _own_families(trial: Trial) -> tuple[Family, ...]:
    service = trial.first.find("Service", HELLO, trial.namespace) or {}
    return tuple(service["spec"]["ipFamilies"])


def _answers_at_home(trial: Trial, family: Family) -> None:
    told = f"the service does not even answer in its own cluster {trial.first.name} over {family}"
    trial.waiting.within(
        IMPORT_SECONDS,
        lambda: need(reach(trial, trial.first, family, trial.local_name, PORT), told),
        every=SLOW_POLL,
    )
